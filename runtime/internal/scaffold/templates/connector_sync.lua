-- Brings the accounts of {{title}} to Planhat. The first run reads all of them, later
-- runs what changed.
--
--   phscript run --allow-env {{VARIABLE}} {{script}}
--
-- @writes company
-- @allow net=api.{{host}}.example

local {{ident}} = require "{{name}}"

{{ident}}:sync()
