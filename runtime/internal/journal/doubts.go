package journal

import (
	"encoding/binary"
	"errors"

	"github.com/phscript/phscript/planhat"
)

// packRows returns rows without keys as bytes: of each its place, its position, and its
// line, and then its file, its data and what it was made from, with their lengths.
func packRows(rows []planhat.KeylessRow) []byte {
	size := 0
	for _, k := range rows {
		size += len(k.Data) + 16
	}
	out := make([]byte, 0, size)
	text := func(s []byte) {
		out = append(binary.AppendUvarint(out, uint64(len(s))), s...)
	}
	for _, k := range rows {
		at := planhat.Origin{}
		if k.Origin != nil {
			at = *k.Origin
		}
		out = binary.AppendUvarint(out, uint64(k.Place))
		out = binary.AppendUvarint(out, uint64(max(0, k.Index)))
		out = binary.AppendUvarint(out, uint64(max(0, at.Line)))
		text([]byte(at.File))
		text(k.Data)
		text(at.Row)
	}
	return out
}

var errDamaged = errors.New("what the store holds of an earlier run is damaged")

func unpackRows(in []byte) (rows []planhat.KeylessRow, err error) {
	number := func() int {
		n, size := binary.Uvarint(in)
		if size <= 0 {
			err = errDamaged
			return 0
		}
		in = in[size:]
		return int(n)
	}
	text := func() []byte {
		n := number()
		if n < 0 || n > len(in) {
			err = errDamaged
			return nil
		}
		s := in[:n:n]
		in = in[n:]
		return s
	}
	for len(in) > 0 && err == nil {
		k := planhat.KeylessRow{Place: number(), Index: number()}
		at := planhat.Origin{Line: number(), File: string(text())}
		k.Data = text()
		if row := text(); len(row) > 0 {
			at.Row = row
		}
		if at.Line > 0 || at.File != "" || at.Row != nil {
			k.Origin = &at
		}
		rows = append(rows, k)
	}
	return rows, err
}
