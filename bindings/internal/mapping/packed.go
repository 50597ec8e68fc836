package mapping

import "encoding/binary"

// Pack appends the cells of a row in a form that takes little memory.
func Pack(to []byte, cells []string) []byte {
	for _, cell := range cells {
		to = append(binary.AppendUvarint(to, uint64(len(cell))), cell...)
	}
	return to
}

// Unpack returns the cells that Pack wrote.
func Unpack(packed []byte) (cells []string) {
	for len(packed) > 0 {
		size, n := binary.Uvarint(packed)
		end := n + int(size)
		cells = append(cells, string(packed[n:end]))
		packed = packed[end:]
	}
	return cells
}
