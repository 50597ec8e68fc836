package planhat

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// Record is one JSON object as Planhat sent it or will get it. It stays raw:
// nothing is decoded on the way, so large numbers and unknown properties survive.
// Read it with [Decode], or with the JSON package of your choice.
type Record []byte

// ID returns the record's _id, or "" if it has none.
func (r Record) ID() string {
	members, err := readObject(r)
	if err != nil {
		return ""
	}
	return text(members.get("_id"))
}

// String returns the record's JSON.
func (r Record) String() string { return string(r) }

// MarshalJSON returns the record as it is. A nil record is null.
func (r Record) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return r, nil
}

// UnmarshalJSON keeps a copy of the JSON.
func (r *Record) UnmarshalJSON(text []byte) error {
	if r == nil {
		return errors.New("planhat: UnmarshalJSON on a nil Record")
	}
	*r = append((*r)[:0], text...)
	return nil
}

// Member is a property of a record: the places in the record's JSON of its name,
// without the quotes, and of its value.
type Member struct{ Name, NameEnd, From, To uint32 }

// Escaped reports whether the property's name is written with an escape.
func (m *Member) Escaped(r Record) bool { return bytes.IndexByte(r[m.Name:m.NameEnd], '\\') >= 0 }

// AppendMembers appends the properties of a record to into, in the order of the JSON. It
// is for programs that look at few properties of many records: it finds only where values
// end, which is several times faster than reading them. The record must be valid JSON, as
// those are that the client returns, and have at most 4 GiB.
func (r Record) AppendMembers(into []Member) []Member {
	at := skipSpace(r, 0) + 1 // the brace
	for {
		at = skipSpace(r, at)
		if r[at] == '}' {
			return into
		}
		if r[at] == ',' {
			at = skipSpace(r, at+1)
		}
		m := Member{Name: uint32(at + 1)}
		at = skipText(r, at)
		m.NameEnd = uint32(at - 1)
		at = skipSpace(r, skipSpace(r, at)+1) // the colon
		m.From = uint32(at)
		at = skipValue(r, at)
		m.To = uint32(at)
		into = append(into, m)
	}
}

// ValueEnd returns where the value that begins at a place of a record ends. The record must
// be valid JSON.
func (r Record) ValueEnd(at int) int { return skipValue(r, at) }

// SplitList returns the records of a JSON list, as parts of its text. It is for lists that
// come in other ways than from the client, such as from a file.
func SplitList(text []byte) ([]Record, error) {
	list, err := splitArray[Record](text)
	if err == nil {
		err = onlyObjects(list)
	}
	if err != nil {
		return nil, &Error{Kind: KindValidation, Message: "the list of records can't be read: " + err.Error(), Err: err}
	}
	return list, nil
}

func onlyObjects(list []Record) error {
	for i, record := range list {
		if kind := jsontext.Value(record).Kind(); kind != '{' {
			return fmt.Errorf("item %d is %s, not an object", i+1, kindName(kind))
		}
	}
	return nil
}

// Decode reads a record into a T, usually one of the models' structs such as
// [Company] or a struct of your own, by the rules of encoding/json. It returns
// an *Error of KindServer, with the property's name, if a value is of another
// type.
func Decode[T any](record Record) (T, error) {
	var out T
	err := stdjson.Unmarshal(record, &out)
	if err == nil {
		return out, nil
	}
	e := &Error{Kind: KindServer, Message: "the record can't be read: " + err.Error(), Err: err}
	if wrong, ok := errors.AsType[*stdjson.UnmarshalTypeError](err); ok && wrong.Field != "" {
		e.Message = fmt.Sprintf("the property %s holds a %s, which a %s can't hold", quote(wrong.Field), wrong.Value, wrong.Type)
		e.Hint = "declare the property as any, or read the record without a struct"
	}
	if id := record.ID(); id != "" {
		e.Message = "record " + id + ": " + e.Message
	}
	return *new(T), e
}

// EachAs reads each record of a sequence as Decode does. It ends with the first
// error, of the sequence or of Decode:
//
//	for c, err := range planhat.EachAs[planhat.Company](client.Company.Each(ctx, planhat.ListOptions{})) {
func EachAs[T any](records iter.Seq2[Record, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for record, err := range records {
			var one T
			if err == nil {
				one, err = Decode[T](record)
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

// Records writes structs or maps as the rows of a bulk call, with the names in
// their json tags and by the rules of encoding/json. It returns an *Error of
// KindValidation for a row that can't be written as a JSON object.
func Records[T any](rows []T) ([]Record, error) {
	out := make([]Record, len(rows))
	for i, row := range rows {
		record, err := toRecord(row, fmt.Sprintf("row %d", i+1))
		if err != nil {
			return nil, err
		}
		out[i] = record
	}
	return out, nil
}
