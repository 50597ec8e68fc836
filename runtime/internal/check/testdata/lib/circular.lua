local segments = require "segments"
return { segments = segments }
