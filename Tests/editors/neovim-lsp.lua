-- Runs in `nvim --headless -u NONE -S` in a folder with a.py: one code action with an instruction, then saves.
local function wait(what, condition)
  if not vim.wait(20000, condition, 10) then error('not in time: ' .. what) end
end

local ok, problem = pcall(function()
  local tandem = dofile(os.getenv('TANDEM_SNIPPETS') .. '/neovim/tandem-lsp.lua')
  vim.cmd('edit a.py')
  tandem.setup()
  vim.cmd('set filetype=python')
  wait('the server is attached', function()
    local client = vim.lsp.buf_get_clients(0)[1]
    return client and client.initialized
  end)
  -- What a person would choose and type.
  local wanted = 'explain'
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      if options.format_item(item):find(wanted, 1, true) then return choose(item) end
    end
  end
  vim.ui.input = function(_, done) done('shout') end
  vim.lsp.buf.code_action()
  wait('the explanation has a window', function() return #vim.api.nvim_list_wins() == 2 end)
  local below = vim.api.nvim_win_get_buf(vim.api.nvim_list_wins()[2])
  assert(table.concat(vim.api.nvim_buf_get_lines(below, 0, -1, false), '\n'):find('"edits"', 1, true), 'what the model said')
  assert(vim.fn.bufname() == 'a.py', 'the file keeps the cursor')
  wanted = 'apply instruction'
  vim.lsp.buf.code_action()
  wait('the buffer changes', function()
    return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'):find('hello', 1, true)
  end)
  -- The editor's own undo takes it back.
  vim.cmd('undo')
  assert(table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'):find('"helo"', 1, true), 'undo')
  vim.cmd('redo')
  vim.cmd('write')
end)
if not ok then io.stderr:write(tostring(problem) .. '\n') end
vim.cmd(ok and 'qall!' or 'cquit 1')
