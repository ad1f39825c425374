-- Tandem in Neovim (0.7 and later), by Neovim's own JSON-RPC client. Put this file into ~/.config/nvim/lua/ and
--   require('tandem')
-- into init.lua. Then :Tandem QUESTION asks, with the selected lines below the question when there is a range;
-- the answer appears in a window of its own as it is written, and :TandemStop ends it.
local M = { command = 'tandem' }

local client
local handlers = {} -- what to do with the events of each request, by its id
local running = {} -- ids of requests in flight

local dispatchers = {
  notification = function(method, params)
    local handler = method == '$/event' and handlers[params.id]
    if handler then vim.schedule(function() handler(params) end) end
  end,
  on_exit = function() client = nil end,
}

local function connect()
  if client == nil or (client.is_closing and client.is_closing()) then
    if vim.fn.has('nvim-0.10') == 1 then
      client = vim.lsp.rpc.start({ M.command, 'stdio' }, dispatchers)
    else
      client = vim.lsp.rpc.start(M.command, { 'stdio' }, dispatchers)
    end
  end
  return client
end

--- Calls a method of the daemon. on_event gets each event of a request sent with stream = true, on_end(err, result)
--- comes once. Gives the request's id.
function M.call(method, params, on_event, on_end)
  local id
  local _, sent = connect().request(method, params, function(err, result)
    vim.schedule(function()
      handlers[id], running[id] = nil, nil
      if on_end then on_end(err, result) end
    end)
  end)
  id = sent
  handlers[id], running[id] = on_event, true
  return id
end

--- Cancels one request, or all.
function M.cancel(id)
  for each in pairs(running) do
    if id == nil or id == each then client.notify('$/cancelRequest', { id = each }) end
  end
end

--- Asks a model and writes its answer into a buffer as it comes; gives the buffer. on_end(err, result) comes last.
function M.ask(question, on_end)
  vim.cmd('botright new')
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].filetype = 'nofile', 'wipe', 'markdown'
  local text = ''
  local function show()
    if vim.api.nvim_buf_is_valid(buffer) then
      vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(text, '\n'))
    end
  end
  M.call('chat', { stream = true, messages = { { role = 'user', content = question } } }, function(event)
    if event.type == 'content' then
      text = text .. event.text
      show()
    elseif event.type == 'reset' then
      text = '' -- another model starts over
      show()
    end
  end, function(err, result)
    if err then
      vim.notify('Tandem: ' .. err.message, vim.log.levels.ERROR)
    else
      text = result.content
      show()
    end
    if on_end then on_end(err, result) end
  end)
  return buffer
end

vim.api.nvim_create_user_command('Tandem', function(command)
  local question = command.args
  if command.range > 0 then
    local lines = vim.api.nvim_buf_get_lines(0, command.line1 - 1, command.line2, false)
    question = question .. '\n\n```' .. vim.bo.filetype .. '\n' .. table.concat(lines, '\n') .. '\n```'
  end
  M.ask(question)
end, { nargs = '+', range = true })
vim.api.nvim_create_user_command('TandemStop', function() M.cancel() end, {})

return M
