---@package
--- Converts the Atlassian Document Format to text: `local adf = require "connector.adf"`. It is a part of `connectors.jira`.
local adf = {}

-- Nodes that begin on a line for themselves, and those with an empty line after them.
local blocks = { paragraph = 2, heading = 2, codeBlock = 2, rule = 2, blockquote = 2, panel = 2, bulletList = 2, orderedList = 2, taskList = 2, decisionList = 2, table = 2, expand = 2,
  nestedExpand = 2, mediaSingle = 2, mediaGroup = 2, listItem = 1, taskItem = 1, decisionItem = 1, tableRow = 1 }

local write

-- Returns the text of the nodes inside a node.
local function inside(node)
  local parts = {}
  for i, child in ipairs(type(node.content) == "table" and node.content or {}) do
    parts[#parts + 1] = write(child, node, i)
  end
  return table.concat(parts)
end

local function trimmed(text) return (text:gsub("^%s+", ""):gsub("%s+$", "")) end

-- What nodes without text show.
local shown = {
  text = function(_, node) return tostring(node.text or "") end,
  hardBreak = function() return "\n" end,
  rule = function() return "---" end,
  mention = function(attrs) return tostring(attrs.text or "@" .. tostring(attrs.id or "")) end,
  emoji = function(attrs) return tostring(attrs.text or attrs.shortName or "") end,
  status = function(attrs) return tostring(attrs.text or "") end,
  inlineCard = function(attrs) return tostring(attrs.url or "") end,
  blockCard = function(attrs) return tostring(attrs.url or "") .. "\n\n" end,
  date = function(attrs)
    local ok, text = pcall(function() return time.format(tonumber(attrs.timestamp) / 1000):sub(1, 10) end)
    return ok and text or ""
  end,
  media = function(attrs) return type(attrs.alt) == "string" and attrs.alt ~= "" and "[" .. attrs.alt .. "]" or "" end,
}

function write(node, parent, i)
  if type(node) ~= "table" or node == json.null then return "" end
  local kind, attrs = node.type, type(node.attrs) == "table" and node.attrs ~= json.null and node.attrs or {}
  local text = shown[kind] and shown[kind](attrs, node) or inside(node)
  if kind == "tableCell" or kind == "tableHeader" then
    return (i > 1 and " | " or "") .. trimmed(text):gsub("%s*\n%s*", " ")
  end
  if kind == "listItem" then
    local mark = parent.type == "orderedList" and ("%d. "):format((tonumber(parent.attrs and parent.attrs.order) or 1) + i - 1) or "- "
    text = mark .. trimmed(text):gsub("\n\n", "\n"):gsub("\n", "\n  ")
  elseif kind == "taskItem" then
    text = (attrs.state == "DONE" and "[x] " or "[ ] ") .. text
  elseif kind == "blockquote" then
    text = "> " .. trimmed(text):gsub("\n", "\n> ")
  end
  return text .. (blocks[kind] and ("\n"):rep(blocks[kind]) or "")
end

--- Returns the text of a document as a person reads it, without formatting.
---@param document any The document, or a text, which is returned as it is.
---@return string
function adf.text(document)
  if type(document) == "string" then return document end
  return (trimmed(write(document, {}, 1)):gsub("\n\n\n+", "\n\n"))
end

--- Returns a document with a text: a paragraph for each part between empty lines.
---@param text string The text.
---@return table
function adf.document(text)
  local paragraphs = json.array{}
  for part in (text:gsub("\r\n?", "\n") .. "\n\n"):gmatch("(.-)\n\n+") do
    local nodes = json.array{}
    for line in (part .. "\n"):gmatch("(.-)\n") do
      if nodes[1] then nodes[#nodes + 1] = { type = "hardBreak" } end
      if line ~= "" then nodes[#nodes + 1] = { type = "text", text = line } end
    end
    paragraphs[#paragraphs + 1] = { type = "paragraph", content = nodes }
  end
  return { type = "doc", version = 1, content = paragraphs }
end

return adf
