-- Counts one request in all its windows or in none, or takes it back: the arithmetic of usage.py, atomically.
-- KEYS: one for each policy. ARGV: when what is taken back was counted ('' to count), then for each key the length
-- in milliseconds and the quota of each of its windows. Answers whether it passed, the time in milliseconds, and the
-- usage of each key. Numbers of windows travel and are stored as little-endian doubles.

local function doubles(packed)
  local numbers = { struct.unpack('<' .. string.rep('d', #packed / 8), packed) }
  table.remove(numbers) -- the position after the last one
  return numbers
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local counted_at = tonumber(ARGV[1])
local has_room, usages, longest = true, {}, {}

for k, key in ipairs(KEYS) do
  local windows, stored = doubles(ARGV[k + 1]), redis.call('GET', key)
  local usage = stored and doubles(stored) or {}
  for w = 1, #windows, 2 do
    local length, quota, i = windows[w], windows[w + 1], (w - 1) / 2 * 3 + 1
    local began, previous, current = usage[i], usage[i + 1], usage[i + 2]
    if not stored or now - began >= 2 * length or previous + current == 0 then
      began, previous, current = now, 0, 0
    elseif now - began >= length then
      began, previous, current = began + length, current, 0
    elseif now < began then -- the server's clock was set back
      began = now
    end
    if not counted_at then
      has_room = has_room and (quota - current) * length - previous * (length - now + began) >= length
    elseif counted_at >= began then
      current = math.max(0, current - 1)
    elseif counted_at >= began - length then
      previous = math.max(0, previous - 1)
    end
    usage[i], usage[i + 1], usage[i + 2] = began, previous, current
    longest[k] = length
  end
  usages[k] = usage
end

local answer = { has_room and 1 or 0, now }
for k, usage in ipairs(usages) do
  for i = 3, counted_at and 0 or #usage, 3 do
    usage[i] = usage[i] + answer[1]
  end
  local packed = struct.pack('<' .. string.rep('d', #usage), unpack(usage))
  if has_room then
    redis.call('SET', KEYS[k], packed, 'PX', 2 * longest[k])
  end
  answer[k + 2] = packed
end
return answer
