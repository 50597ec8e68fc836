package view

import (
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
)

// AccountList is what access list prints.
type AccountList struct {
	Form
	Accounts []access.Account `json:"accounts" doc:"the accounts that can sign in to the pages, by name"`
}

// AccessForm makes the form of accounts.
func AccessForm(list []access.Account) AccountList {
	return AccountList{current, append([]access.Account{}, list...)}
}

// AccessColumns are the columns of AccessCells.
var AccessColumns = []Column{{Name: "ACCOUNT", Least: 12}, {Name: "ROLE"}, {Name: "LAST USED"}, {Name: "EXPIRES"}, {Name: "BROWSERS"}}

// AccessCells are an account as a row of a table.
func AccessCells(a access.Account) []string {
	never := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return At(t)
	}
	expires := never(a.Expires)
	if a.Expired {
		expires = "expired"
	}
	return []string{a.Name, string(a.Role), never(a.Used), expires, strconv.Itoa(a.Sessions)}
}
