-- Tandem in Neovim without its LSP code: one JSON message a line through jobstart. The smallest thing that works;
-- tandem.lua has the commands.
local M = { command = 'tandem' }

local job
local rest = '' -- a line that has not come whole
local waiting = {}
local last_id = 0

local function receive(_, lines)
  lines[1] = rest .. lines[1]
  rest = table.remove(lines)
  for _, line in ipairs(lines) do
    local message = vim.json.decode(line)
    if message.method == '$/event' then
      local request = waiting[message.params.id]
      if request and request.on_event then request.on_event(message.params) end
    elseif waiting[message.id] then
      local request = waiting[message.id]
      waiting[message.id] = nil
      request.on_end(message.error, message.result)
    end
  end
end

--- Calls a method; on_event gets the events of a request sent with stream = true, on_end(err, result) comes once.
function M.call(method, params, on_event, on_end)
  if not job then
    job = vim.fn.jobstart({ M.command, 'stdio' }, {
      on_stdout = receive,
      on_exit = function() job = nil end,
    })
  end
  last_id = last_id + 1
  waiting[last_id] = { on_event = on_event, on_end = on_end }
  local message = { jsonrpc = '2.0', id = last_id, method = method, params = params }
  vim.fn.chansend(job, vim.json.encode(message) .. '\n')
  return last_id
end

function M.cancel(id)
  local message = { jsonrpc = '2.0', method = '$/cancelRequest', params = { id = id } }
  vim.fn.chansend(job, vim.json.encode(message) .. '\n')
end

return M
