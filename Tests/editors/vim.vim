vim9script
# Runs in `vim -es -N -u NONE -S`: both snippets ask the daemon.
var failures: list<string> = []

def Check(condition: bool, what: string)
  if !condition
    add(failures, 'vim: FAILED: ' .. what)
  endif
enddef

def Wait(what: string, Condition: func(): bool)
  for turn in range(2000)
    if Condition()
      return
    endif
    sleep 10m
  endfor
  Check(false, what)
enddef

var ended: dict<any> = {}
var refused: dict<any> = {}
var text = ''

def OnEnd(message: dict<any>)
  ended = message
enddef

def OnEvent(event: dict<any>)
  if event.type == 'content'
    text ..= event.text
  endif
enddef

def OnRefusal(message: dict<any>)
  refused = message
enddef

try
  execute 'source ' .. $TANDEM_SNIPPETS .. '/vim/tandem.vim'
  const buffer = g:TandemAsk('Hello from Vim', OnEnd)
  Wait('the answer ends', () => !empty(ended))
  Check(has_key(ended, 'result'), 'no error: ' .. string(ended))
  const shown = join(getbufline(buffer, 1, '$'), "\n")
  Check(stridx(shown, 'You asked: Hello from Vim') >= 0, 'the answer is in its buffer: ' .. shown)
  Check(shown == ended.result.content, 'the buffer holds the whole answer')

  new
  setline(1, ['let x = 1', 'let y = 2'])
  execute ':1,1Tandem Explain'
  Wait('the command shows an answer', () => stridx(join(getline(1, '$'), "\n"), 'You asked: Explain') >= 0)

  execute 'source ' .. $TANDEM_SNIPPETS .. '/vim/tandem-nl.vim'
  ended = {}
  g:TandemCall('chat', {stream: true, messages: [{role: 'user', content: 'by lines: é'}]}, OnEvent, OnEnd)
  Wait('the channel of lines answers', () => !empty(ended))
  Check(ended.result.content == text, 'the events make up the answer')
  Check(stridx(text, 'You asked: by lines: é') >= 0, 'the answer: ' .. text)
  g:TandemCall('nothing', {}, OnEvent, OnRefusal)
  Wait('an unknown method is answered', () => !empty(refused))
  Check(refused.error.code == -32601, 'with -32601')
catch
  Check(false, v:exception .. ' at ' .. v:throwpoint)
endtry
writefile(empty(failures) ? ['vim: ok'] : failures, '/dev/stdout', 'a')
if empty(failures)
  qall!
else
  cquit 1
endif
