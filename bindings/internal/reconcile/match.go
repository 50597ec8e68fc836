package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Matching says how a row finds a record that does not have its key: by a property that
// several systems agree on.
//
// A record without a key is adopted: it gets the row's key. A record with another
// system's key is shared: it keeps its key and its company, and of the row's properties it
// gets those that it lacks, or that have the value that earlier rows gave them.
type Matching struct {
	// By is a property with a text, such as an e-mail address, or a list of domains; "" is none.
	By string
	// Prefix begins the keys of the rows' own system. Without it, keys are its own if Learn
	// or a row named them.
	Prefix string
}

// matching finds records for rows without one.
type matching struct {
	Matching
	// records are the positions of records by a hash of each value.
	records map[uint64][]int32
	byID    map[string]int
	// links are the records that rows share, by the row's key, and taken are the keys by
	// the record's _id.
	links, taken map[string]string
	adopting     []adoption
}

// adoption is a record that gets a key with a row of the current call.
type adoption struct{ row, at int }

// note adds a record under the values of the property that rows are matched by.
func (m *matching) note(name string, value []byte, at int) {
	if m.By == "" || name != m.By {
		return
	}
	for _, text := range m.values(value) {
		hash := stableSum([]byte(text))
		if !slices.Contains(m.records[hash], int32(at)) {
			m.records[hash] = append(m.records[hash], int32(at))
		}
	}
}

// values returns what a value is matched by: an e-mail address or domains, without those
// that many people share.
func (m *matching) values(value []byte) (texts []string) {
	switch jsontext.Value(value).Kind() {
	case '"':
		if text := strings.ToLower(strings.TrimSpace(textOf(value))); text != "" {
			texts = append(texts, text)
		}
	case '[':
		for _, item := range itemsOf(value) {
			if item.Kind() != '"' {
				continue
			}
			if text := domain(textOf(item)); text != "" && !isMailHost(text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// Learn tells what earlier runs knew of a key: "" if it is of the rows' own system, or
// what Result.Links had for it.
func (s *Target) Learn(key, link string) {
	if link == "" {
		if at, _ := s.index.find(key, ""); at >= 0 {
			s.index.records[at].own = true
		}
		return
	}
	id, _ := parseLink(link)
	s.matching.links[key] = link
	s.matching.taken[id] = key
}

// own reports whether the rows' own system gave a record its key.
func (s *Target) own(rec *record) bool {
	return rec.own || rec.key != "" && s.matching.Prefix != "" && strings.HasPrefix(rec.key, s.matching.Prefix)
}

// match returns the position of the record that a row without one means, -1 if there is
// none, or why that cannot be told.
func (s *Target) match(row planhat.Record, key, company string) (at int, why string) {
	m := s.matching
	if m.By == "" {
		return -1, ""
	}
	if id, _ := parseLink(m.links[key]); id != "" {
		if at, found := s.position(id); found && !s.own(&s.index.records[at]) {
			return at, ""
		}
	}
	var found []int
	s.index.visit(row, func(name string, _ *catalog.Property, value []byte) {
		if name != m.By {
			return
		}
		single := jsontext.Value(value).Kind() == '"' // Planhat itself matches people by it
		for _, text := range m.values(value) {
			for _, i := range m.records[stableSum([]byte(text))] {
				rec := &s.index.records[i]
				by := m.taken[rec.id]
				if !s.own(rec) && (single || by == "" || by == key) && !slices.Contains(found, int(i)) {
					found = append(found, int(i))
				}
			}
		}
	})
	for _, better := range []func(*record) bool{
		func(rec *record) bool { return !rec.archived },
		func(rec *record) bool { return company != "" && s.isOf(rec, company) },
	} {
		if some := slices.DeleteFunc(slices.Clone(found), func(i int) bool { return !better(&s.index.records[i]) }); len(found) > 1 && len(some) > 0 {
			found = some
		}
	}
	switch len(found) {
	case 0:
		return -1, ""
	case 1:
		return found[0], ""
	}
	names := make([]string, len(found))
	for i, at := range found {
		names[i] = s.index.records[at].id
		if has := s.index.records[at].key; has != "" {
			names[i] += " (" + s.o.Key + " " + has + ")"
		}
	}
	return -1, fmt.Sprintf("its %s match several records of Planhat: %s; set %s of the right one to %s", m.By, strings.Join(names, ", "), s.o.Key, strconv.Quote(key))
}

// isOf reports whether a record belongs to a company.
func (s *Target) isOf(rec *record, company string) bool {
	s.index.buf = append(s.index.buf[:0], company...)
	return s.index.has(rec, s.model.CompanyRef())
}

// position returns where the record with an _id is.
func (s *Target) position(id string) (int, bool) {
	m := s.matching
	if m.byID == nil {
		m.byID = make(map[string]int, len(s.index.records))
		for i := range s.index.records {
			m.byID[s.index.records[i].id] = i
		}
	}
	at, found := m.byID[id]
	return at, found
}

// adopt gives a record the key of a row, and the row the record's _id.
func (s *Target) adopt(row *planhat.Row, at int, key string) {
	x := s.index
	rec := &x.records[at]
	rec.key, rec.own = key, true
	x.byKey[x.hash(key, "")] = at
	s.matching.adopting = append(s.matching.adopting, adoption{len(s.sent) - 1, at})
	row.Record = rewritten(row.Record, rec.id, func(string, []byte) bool { return true })
}

// forsake undoes the adoption of records whose rows failed; -1 are all rows.
func (s *Target) forsake(row int) {
	x := s.index
	for _, a := range s.matching.adopting {
		if row < 0 || a.row == row {
			rec := &x.records[a.at]
			delete(x.byKey, x.hash(rec.key, ""))
			rec.key, rec.own = "", false
		}
	}
}

// share makes a row say only what a record of another system gets from it. It reports
// whether there is something to send.
func (s *Target) share(row *planhat.Row, at int, key string) (changed []string, failed error) {
	x, m := s.index, s.matching
	rec := &x.records[at]
	_, before := parseLink(m.links[key])
	now := make(map[string]uint64, len(before))
	for name, hash := range before {
		now[name] = hash
	}
	x.visit(row.Record, func(name string, p *catalog.Property, value []byte) {
		single := name == m.By && jsontext.Value(value).Kind() == '"'
		if failed != nil || single || name == s.model.CompanyRef() || !s.compares(name, p) {
			return
		}
		x.buf = appendCanonical(x.buf[:0], p, value)
		if failed = s.resolve(p); failed != nil {
			return
		}
		theirs, there := x.sum(x.buf), x.cell(rec, name)
		last, sent := before[name]
		switch {
		case theirs == there:
			if sent || theirs != 0 {
				now[name] = theirs
			}
		case sent && last == there, !sent && there == 0:
			now[name], changed = theirs, append(changed, name)
		}
	})
	if failed != nil {
		return nil, failed
	}
	m.taken[rec.id] = key
	if link := formatLink(rec.id, now); link != m.links[key] {
		m.links[key], s.result.Links[key] = link, link
	}
	row.Record = rewritten(row.Record, rec.id, func(name string, _ []byte) bool { return slices.Contains(changed, name) })
	return changed, nil
}

// rewritten returns a row with an _id and the properties that it keeps.
func rewritten(row planhat.Record, id string, keeps func(name string, value []byte) bool) planhat.Record {
	out := fmt.Appendf(nil, `{"_id":%q`, id)
	member := func(name string, value []byte) {
		out = append(out, ',')
		out, _ = jsontext.AppendQuote(out, name)
		out = append(append(out, ':'), value...)
	}
	for _, f := range fieldsOf(row) {
		if f.name == "_id" {
			continue
		}
		if f.name != "custom" || f.value[0] != '{' {
			if keeps(f.name, f.value) {
				member(f.name, f.value)
			}
			continue
		}
		own := []byte("{")
		for _, c := range fieldsOf(f.value) {
			if !keeps("custom."+c.name, c.value) {
				continue
			}
			if len(own) > 1 {
				own = append(own, ',')
			}
			own, _ = jsontext.AppendQuote(own, c.name)
			own = append(append(own, ':'), c.value...)
		}
		if len(own) > 1 {
			member("custom", append(own, '}'))
		}
	}
	return append(out, '}')
}

// formatLink writes a shared record and the hashes of the values that rows gave it, in lines.
func formatLink(id string, sent map[string]uint64) string {
	names := make([]string, 0, len(sent))
	for name := range sent {
		names = append(names, name)
	}
	slices.Sort(names)
	text := []byte(id)
	for _, name := range names {
		text = append(append(text, '\n'), name...)
		text = strconv.AppendUint(append(text, '='), sent[name], 36)
	}
	return string(text)
}

func parseLink(text string) (id string, sent map[string]uint64) {
	id, rest, _ := strings.Cut(text, "\n")
	sent = make(map[string]uint64)
	for line := range strings.SplitSeq(rest, "\n") {
		if at := strings.LastIndexByte(line, '='); at > 0 {
			if hash, err := strconv.ParseUint(line[at+1:], 36, 64); err == nil {
				sent[line[:at]] = hash
			}
		}
	}
	return id, sent
}

// stableSum is a hash that is the same in each run, 0 for nothing.
func stableSum(text []byte) uint64 {
	if len(text) == 0 {
		return 0
	}
	sum := sha256.Sum256(text)
	return max(1, binary.BigEndian.Uint64(sum[:8]))
}

// domain returns a domain in lower case, without www., scheme and path.
func domain(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	if at := strings.IndexAny(text, "/?#:"); at >= 0 {
		text = text[:at]
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "www."), ".")
}

// mailHosts are domains at which people of many companies have addresses.
var mailHosts = strings.Fields(`gmail.com googlemail.com outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com aol.com
	proton.me protonmail.com pm.me mail.com fastmail.com hey.com zoho.com tutanota.com hushmail.com mail.ru bk.ru list.ru inbox.ru yandex.ru yandex.com ya.ru
	web.de t-online.de freenet.de arcor.de posteo.de mailbox.org gmx.de gmx.net gmx.at gmx.ch gmx.com bluewin.ch
	free.fr orange.fr wanadoo.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl
	telia.com spray.se bredband.net online.no tele2.se wp.pl onet.pl interia.pl o2.pl seznam.cz centrum.cz rediffmail.com
	comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca sympatico.ca
	btinternet.com ntlworld.com virginmedia.com sky.com talktalk.net blueyonder.co.uk bigpond.com optusnet.com.au
	qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com daum.net hanmail.net docomo.ne.jp uol.com.br bol.com.br terra.com.br`)

// isMailHost reports whether people of many companies have addresses at a domain.
func isMailHost(domain string) bool {
	first, rest, _ := strings.Cut(domain, ".")
	if (first == "yahoo" || first == "ymail" || first == "hotmail" || first == "live" || first == "outlook") && strings.Count(rest, ".") < 2 {
		return true // in each country
	}
	return slices.Contains(mailHosts, domain)
}

// shares compares a row with the record of another system that it means.
func (s *Target) shares(row *planhat.Row, at int, key string) error {
	rec := &s.index.records[at]
	again := rec.round == s.round && rec.seen
	rec.seen, rec.round = true, s.round
	if rec.doubtful || again {
		row.Rejected = "an earlier row of this record was not stored, or is in the same request; the next run sends this one"
		return nil
	}
	s.result.Shared++
	changed, err := s.share(row, at, key)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		row.Unchanged = true
		return nil
	}
	s.sent[len(s.sent)-1] = at
	s.result.Differing++
	for _, name := range changed {
		s.result.Changed[name]++
	}
	return s.update(rec, row.Record)
}
