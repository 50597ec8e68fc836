package salesforce

import "strings"

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID returns the id of 18 characters of a record: the key prefix of its object,
// the org, its number, and three characters that say which letters are capitals.
func newID(prefix string, number int64) string {
	var serial [12]byte
	copy(serial[:], "AA0000000000")
	for i := len(serial) - 1; number > 0; i-- {
		serial[i] = digits[number%62]
		number /= 62
	}
	return Long(prefix + string(serial[:]))
}

// Long returns an id of 15 characters with the three that make it safe where case
// does not count. Other texts are returned as they are.
func Long(id string) string {
	if len(id) != 15 {
		return id
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	long := id
	for block := range 3 {
		bits := 0
		for i := range 5 {
			if c := id[block*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		long += string(alphabet[bits])
	}
	return long
}

// Short returns the first 15 characters of an id.
func Short(id string) string { return id[:min(15, len(id))] }

func validID(id string) bool {
	return (len(id) == 15 || len(id) == 18 && Long(id[:15]) == id) && strings.Trim(id, digits) == ""
}
