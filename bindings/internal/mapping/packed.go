package mapping

import "encoding/binary"

// Pack appends the cells of a row and their kinds in a form that takes little memory.
func Pack(to []byte, cells []string, kinds []Kind) []byte {
	to = binary.AppendUvarint(to, uint64(len(kinds)))
	for _, kind := range kinds {
		to = append(to, byte(kind))
	}
	for _, cell := range cells {
		to = append(binary.AppendUvarint(to, uint64(len(cell))), cell...)
	}
	return to
}

// Unpack returns the cells and kinds that Pack wrote.
func Unpack(packed []byte) (cells []string, kinds []Kind) {
	many, n := binary.Uvarint(packed)
	for _, kind := range packed[n : n+int(many)] {
		kinds = append(kinds, Kind(kind))
	}
	packed = packed[n+int(many):]
	for len(packed) > 0 {
		size, n := binary.Uvarint(packed)
		end := n + int(size)
		cells = append(cells, string(packed[n:end]))
		packed = packed[end:]
	}
	return cells, kinds
}
