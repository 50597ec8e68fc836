package doctor

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/quota"
)

func TestUsedBy(t *testing.T) {
	assert.Empty(t, usedBy(nil))
	var users []quota.User
	for i := range 19 {
		users = append(users, quota.User{Script: "s" + strconv.Itoa(i) + ".lua", Run: "run " + strconv.Itoa(i), Used: 19 - i})
	}
	assert.Equal(t, "; s0.lua (run 0): 19, s1.lua (run 1): 18", usedBy(users[:2]))
	assert.Equal(t, "; s0.lua (run 0): 19, s1.lua (run 1): 18, s2.lua (run 2): 17, and 16 more: see 'phscript quota'", usedBy(users))
}
