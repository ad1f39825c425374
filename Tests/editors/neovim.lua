-- Runs in `nvim --headless -u NONE -S`: both snippets ask the daemon, and print what a person would see.
local folder = os.getenv('TANDEM_SNIPPETS') .. '/neovim/'
local failed = false

local function check(condition, what)
  if not condition then
    failed = true
    io.stdout:write('neovim: FAILED: ' .. what .. '\n')
  end
end

local function wait(what, condition) check(vim.wait(20000, condition, 10), what) end

local ok, problem = pcall(function()
  local tandem = dofile(folder .. 'tandem.lua')
  local ended
  local buffer = tandem.ask('Hello from Neovim', function(err, result) ended = { err, result } end)
  wait('the answer ends', function() return ended end)
  check(ended[1] == nil, 'no error: ' .. vim.inspect(ended[1]))
  local shown = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
  check(shown:find('You asked: Hello from Neovim', 1, true), 'the answer is in its buffer: ' .. shown)
  check(shown == ended[2].content, 'the buffer holds the whole answer')

  local events = 0
  local done
  tandem.call('chat', { stream = true, messages = { { role = 'user', content = 'x' } } },
    function(event) events = events + (event.type == 'content' and 1 or 0) end, function() done = true end)
  wait('the second answer ends', function() return done end)
  check(events > 0, 'content comes as events')

  local refused
  tandem.call('nothing', {}, nil, function(err) refused = err end)
  wait('an unknown method is answered', function() return refused end)
  check(refused and refused.code == -32601, 'with -32601')

  vim.cmd('new')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'let x = 1', 'let y = 2' })
  vim.cmd('1,1Tandem Explain')
  wait('the command shows an answer', function()
    return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'):find('You asked: Explain', 1, true)
  end)

  local job = dofile(folder .. 'tandem-job.lua')
  local text, answer = '', nil
  job.call('chat', { stream = true, messages = { { role = 'user', content = 'by a job: é' } } },
    function(event) if event.type == 'content' then text = text .. event.text end end,
    function(err, result) answer = { err, result } end)
  wait('the job answers', function() return answer end)
  check(answer[2] and answer[2].content == text, 'the events make up the answer')
  check(text:find('You asked: by a job: é', 1, true), 'the job\'s answer: ' .. text)
end)
check(ok, tostring(problem))
io.stdout:write(failed and '' or 'neovim: ok\n')
vim.cmd(failed and 'cquit 1' or 'qall!')
