vim9script
# Tandem in Vim by a channel in mode "nl": one JSON message a line, for Vims whose channels have no mode "lsp" (before
# 8.2.4684). The smallest thing that works; tandem.vim has the commands.

g:tandem_command = get(g:, 'tandem_command', 'tandem')

var job: job
var last_id = 0
var waiting: dict<dict<any>> = {}

def OnLine(_: channel, line: string)
  const message: dict<any> = json_decode(line)
  if get(message, 'method', '') == '$/event'
    const key = string(message.params.id)
    if has_key(waiting, key)
      waiting[key].OnEvent(message.params)
    endif
  elseif has_key(message, 'id') && has_key(waiting, string(message.id))
    const request = remove(waiting, string(message.id))
    request.OnEnd(message)
  endif
enddef

# Calls a method; OnEvent gets the events of a request sent with stream, OnEnd the whole answer, result or error.
export def g:TandemCall(method: string, params: dict<any>, OnEvent: func(dict<any>), OnEnd: func(dict<any>)): number
  if job_status(job) != 'run'
    job = job_start([g:tandem_command, 'stdio'], {mode: 'nl', out_cb: OnLine})
  endif
  last_id += 1
  waiting[string(last_id)] = {OnEvent: OnEvent, OnEnd: OnEnd}
  ch_sendraw(job, json_encode({jsonrpc: '2.0', id: last_id, method: method, params: params}) .. "\n")
  return last_id
enddef
