-- Settings of a plugin, read without the plugin: whatever they require has a `setup` that notes what it is given. Prints
-- the commands in it, one a line, words separated by tabs.
local given = {}
table.insert(package.loaders, 2, function()
  return function()
    return { setup = function(settings) given[#given + 1] = settings end }
  end
end)

local function show(words) io.stdout:write(table.concat(words, '\t') .. '\n') end

local function look(value, name)
  -- An adapter is made when it is wanted.
  if type(value) == 'function' and name == 'tandem' then return look(value(), nil) end
  if type(value) ~= 'table' then return end
  if type(value[1]) == 'string' then show(value) end
  if type(value.command) == 'string' then show({ value.command, unpack(value.args) }) end
  for key, each in pairs(value) do look(each, key) end
end

local ok, message = pcall(function()
  assert(loadfile('BLOCK'))()
  assert(#given == 1, 'setup was not called once')
  look(given[1], nil)
end)
if not ok then
  io.stdout:write(message .. '\n')
  vim.cmd('cquit 1')
end
vim.cmd('quitall!')
