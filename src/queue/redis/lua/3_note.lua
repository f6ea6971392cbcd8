-- What a run says of itself: how many notes, then of each what it is and its value. progress: JSON
-- for readers · checkpoint: the JSON · log: the line, and then how many lines to keep.
local function read_notes()
  local notes = {}
  for n = 1, number() do
    local what = arg()
    notes[n] = {what = what, value = arg(), keep = what == 'log' and number()}
  end
  return notes
end

-- What is left to be written is the progress that it returns.
local function write_notes(P, id, kind, notes)
  local progress
  for _, note in ipairs(notes) do
    if note.what == 'progress' then
      progress = note.value
      tell(P, 'progress', id, kind, 'data', progress)
    elseif note.what == 'log' then
      call('RPUSH', P .. id .. ':logs', note.value)
      call('LTRIM', P .. id .. ':logs', -note.keep, -1)
    else
      call('HSET', P .. id, 'xp', note.value)
    end
  end
  return progress
end
