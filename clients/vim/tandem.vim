vim9script
# Tandem in Vim 9 by a channel in mode "lsp" (Vim counts the requests and finds each answer's callback). Put this file
# into ~/.vim/plugin/. :Tandem QUESTION asks, with the selected lines below it when there is a range; the answer appears
# in a window of its own as it is written. :TandemStop ends it.

g:tandem_command = get(g:, 'tandem_command', 'tandem')

var job: job
var answers: dict<dict<any>> = {}   # request id: the buffer and the text so far

def Connect(): channel
  if job_status(job) != 'run'
    # err_mode: where the log goes when TANDEM_LOG is set.
    job = job_start([g:tandem_command, 'stdio'], {
      in_mode: 'lsp', out_mode: 'lsp', err_mode: 'nl', out_cb: OnNotification, noblock: 1})
  endif
  return job_getchannel(job)
enddef

def OnNotification(_: channel, message: dict<any>)
  if get(message, 'method', '') != '$/event'
    return
  endif
  const key = string(message.params.id)
  if !has_key(answers, key)
    return
  endif
  if message.params.type == 'content'
    answers[key].text ..= message.params.text
    Show(answers[key])
  elseif message.params.type == 'reset'
    answers[key].text = ''   # another model starts over
    Show(answers[key])
  endif
enddef

def Show(answer: dict<any>)
  if bufexists(answer.buffer)
    silent deletebufline(answer.buffer, 1, '$')
    setbufline(answer.buffer, 1, split(answer.text, "\n", true))
  endif
enddef

# Asks a model; gives the number of the buffer that the answer is written into.
export def g:TandemAsk(question: string, OnEnd: func(dict<any>) = null_function): number
  botright new
  setlocal buftype=nofile bufhidden=wipe filetype=markdown
  final answer = {buffer: bufnr(), text: ''}
  const params = {stream: true, messages: [{role: 'user', content: question}]}
  const sent = ch_sendexpr(Connect(), {method: 'chat', params: params}, {
    callback: (_, message) => {
      remove(answers, string(message.id))
      if has_key(message, 'error')
        echohl ErrorMsg
        echomsg 'Tandem: ' .. message.error.message
        echohl None
      else
        answer.text = message.result.content
        Show(answer)
      endif
      if OnEnd != null
        OnEnd(message)
      endif
    }})
  answers[string(sent.id)] = answer
  return answer.buffer
enddef

export def g:TandemStop()
  for id in keys(answers)
    ch_sendexpr(Connect(), {method: '$/cancelRequest', params: {id: str2nr(id)}})
  endfor
enddef

def Ask(question: string, range: number, first: number, last: number)
  const code = range > 0 ? "\n\n```" .. &filetype .. "\n" .. join(getline(first, last), "\n") .. "\n```" : ''
  g:TandemAsk(question .. code)
enddef

command! -nargs=+ -range Tandem Ask(<q-args>, <range>, <line1>, <line2>)
command! TandemStop g:TandemStop()
