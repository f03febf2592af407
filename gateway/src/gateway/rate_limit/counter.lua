-- Counts one request in all its windows or in none, or takes it back: the arithmetic of usage.py, atomically.
-- KEYS: one for each policy. ARGV: when to take back from ('' counts), then for each key how many windows it has,
-- and of each window its length in milliseconds and its quota.
-- Answers whether it passed, the time in milliseconds, and the usage of each key: three little-endian doubles a window.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local taken_at = tonumber(ARGV[1])
local passed, usages, longest, at = 1, {}, {}, 2

for k, key in ipairs(KEYS) do
  local count = tonumber(ARGV[at])
  local stored = redis.call('GET', key)
  local usage = stored and { struct.unpack('<' .. string.rep('d', 3 * count), stored) } or {}
  for w = 1, count do
    local length, quota, i = tonumber(ARGV[at + 2 * w - 1]), tonumber(ARGV[at + 2 * w]), 3 * w - 2
    local began, previous, current = usage[i], usage[i + 1], usage[i + 2]
    if not stored or now - began >= 2 * length then
      began, previous, current = now, 0, 0
    elseif now - began >= length then
      began, previous, current = began + length, current, 0
    elseif now < began then -- the server's clock was set back
      began = now
    end
    if taken_at then
      if taken_at >= began then
        current = math.max(0, current - 1)
      elseif taken_at >= began - length then
        previous = math.max(0, previous - 1)
      end
    elseif (quota - current) * length - previous * (length - now + began) < length then
      passed = 0
    end
    usage[i], usage[i + 1], usage[i + 2] = began, previous, current
    longest[k] = length
  end
  usages[k] = usage
  at = at + 1 + 2 * count
end

local answer = { passed, now }
for k, key in ipairs(KEYS) do
  local size = #usages[k] - #usages[k] % 3 -- unpack adds a position at the end
  if not taken_at and passed == 1 then
    for i = 3, size, 3 do
      usages[k][i] = usages[k][i] + 1
    end
  end
  local packed = struct.pack('<' .. string.rep('d', size), unpack(usages[k], 1, size))
  if passed == 1 then
    redis.call('SET', key, packed, 'PX', 2 * longest[k])
  end
  answer[k + 2] = packed
end
return answer
