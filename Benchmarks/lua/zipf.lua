-- Reads keys by Zipf's law (exponent 1): the requests are put together before the clock runs.
--   wrk -s zipf.lua URL -- PREFIX KEYS SEED
local requests, position, count = {}, 0, 0
local folder = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
dofile(folder .. "report.lua")

function init(arguments)
   local prefix, keys, seed = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
   local sums, total = {}, 0
   for rank = 1, keys do
      total = total + 1 / rank
      sums[rank] = total
   end
   local texts = {}
   math.randomseed(seed)
   count = 65536
   for i = 1, count do
      local wanted, low, high = math.random() * total, 1, keys
      while low < high do
         local middle = math.floor((low + high) / 2)
         if sums[middle] < wanted then low = middle + 1 else high = middle end
      end
      texts[low] = texts[low] or wrk.format("GET", prefix .. low)
      requests[i] = texts[low]
   end
end

function request()
   position = position % count + 1
   return requests[position]
end
