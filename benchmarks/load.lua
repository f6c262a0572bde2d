-- Sends the lines of files as bodies, one thread and one file per connection, and compares each
-- answer with the one that is expected. Arguments: the folder with the files 1, 2, ... and `answer`.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  local folder = args[1]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  requests = {}
  for line in io.lines(folder .. "/" .. number) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, line)
  end
  local file = io.open(folder .. "/answer", "rb")
  expected = file:read("*a")
  file:close()
  sent, answered, wrong, first_wrong = 0, 0, 0, ""
end

function request()
  sent = sent + 1
  -- A push that is sent twice is refused, so too few bodies do not go unnoticed.
  return requests[(sent - 1) % #requests + 1]
end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 or body ~= expected then
    wrong = wrong + 1
    if wrong == 1 then
      first_wrong = status .. " " .. body:sub(1, 200)
    end
  end
end

function done(summary, latency, requests)
  local total, failures, example = 0, 0, ""
  for _, thread in ipairs(threads) do
    total = total + thread:get("answered")
    failures = failures + thread:get("wrong")
    if example == "" then
      example = thread:get("first_wrong")
    end
  end
  local errors = summary.errors
  failures = failures + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    "\nRESULT %d %d %d %d %d %s\n",
    total, failures, summary.duration, latency:percentile(50), latency:percentile(99), example
  ))
end
