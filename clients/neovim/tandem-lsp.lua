-- Tandem's code actions in Neovim's own LSP client (0.7 and later), beside the language's server. Put this file into
-- ~/.config/nvim/lua/ and
--   require('tandem-lsp').setup()
-- into init.lua. Then vim.lsp.buf.code_action() offers: fix this diagnostic, explain, apply instruction.
local M = { command = 'tandem' }

-- Of Neovim 0.7, which has no vim.lsp.start.
local client_id

-- The instruction is asked for here; the server gets it with the command.
vim.lsp.commands['tandem.apply'] = function(command, context)
  vim.ui.input({ prompt = 'Tandem: ' }, function(text)
    if not text or text == '' then return end
    command.arguments[1].instruction = text
    local client = vim.lsp.get_client_by_id(context.client_id)
    local function request(...)
      if vim.fn.has('nvim-0.11') == 1 then return client:request(...) end
      return client.request(...)
    end
    request('workspace/executeCommand', { command = command.command, arguments = command.arguments },
      function(err) if err then vim.notify(err.message, vim.log.levels.ERROR) end end, context.bufnr)
  end)
end

-- An explanation is longer than Neovim's line for messages, which shows nothing of it in 0.7: it gets a window below.
local function show_message(err, result, ...)
  if result.type < 3 or not result.message:find('\n') and #result.message < vim.o.columns - 30 then
    return vim.lsp.handlers['window/showMessage'](err, result, ...)
  end
  vim.cmd('botright new')
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.filetype = 'nofile', 'wipe', 'markdown'
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(result.message, '\n'))
  vim.cmd('wincmd p')
  return vim.NIL
end

--- Attaches a buffer; the server is started for the first one.
function M.attach(buffer)
  local config = {
    name = 'tandem', cmd = { M.command, 'lsp' }, root_dir = vim.fn.getcwd(),
    handlers = { ['window/showMessage'] = show_message },
  }
  if vim.lsp.start then return vim.lsp.start(config, { bufnr = buffer }) end
  if client_id == nil or vim.lsp.get_client_by_id(client_id) == nil then
    config.on_exit = function() client_id = nil end
    client_id = vim.lsp.start_client(config)
  end
  vim.lsp.buf_attach_client(buffer, client_id)
  return client_id
end

--- Attaches every file that is opened from now on.
function M.setup()
  vim.api.nvim_create_autocmd('FileType', {
    callback = function(event)
      if vim.bo[event.buf].buftype == '' then M.attach(event.buf) end
    end,
  })
end

return M
