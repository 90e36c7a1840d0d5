package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A Row is one line of the report: a figure of contactsd, what it is held
// against, and the outcome.
type Row struct {
	What   string             `json:"what"`
	Unit   string             `json:"unit"`            // of Value, Limit and Peers
	Value  float64            `json:"value"`           // contactsd
	Limit  float64            `json:"limit,omitempty"` // of this machine
	Ratio  float64            `json:"ratio,omitempty"` // Value to Limit, the median over the rounds
	Need   string             `json:"need,omitempty"`  // what is asked for; empty: the row only informs
	Result string             `json:"result,omitempty"`
	Peers  map[string]float64 `json:"peers,omitempty"`
}

// need sets what is asked for and whether it is met.
func (row *Row) need(met bool, format string, args ...any) {
	row.Need = fmt.Sprintf(format, args...)
	row.Result = "fail"
	if met {
		row.Result = "pass"
	}
}

// add appends a row and returns it.
func (r *ratios) add(row *Row) *Row {
	r.rows = append(r.rows, row)
	return row
}

// peerFigures returns one figure of each peer that has it.
func (r *ratios) peerFigures(figure func(*server) float64) map[string]float64 {
	figures := map[string]float64{}
	for _, s := range r.peers {
		if v := figure(s); v > 0 {
			figures[s.name] = v
		}
	}
	return figures
}

// best returns the best figure of the peers: the highest or the lowest. It is
// 0 if there is none.
func (row *Row) best(highest bool) (best float64) {
	for _, v := range row.Peers {
		if best == 0 || (v > best) == highest {
			best = v
		}
	}
	return best
}

// rateRow adds a row with the rates of a series.
func (r *ratios) rateRow(what string, sr series) *Row {
	return r.add(&Row{
		What: what, Unit: "/s",
		Value: sr.median(r.main, perSec), Limit: sr.limit(), Ratio: sr.ratio(r.main),
		Peers: r.peerFigures(func(s *server) float64 { return sr.median(s, perSec) }),
	})
}

// What eight clients writing at the same time must reach: the rate, or four
// times that of the best peer, and the 99th percentile in milliseconds.
const (
	needRate8 = 10000
	needPeer8 = 4
	needP99   = 8
)

// writeRows adds the rows of a write by one and by eight clients.
func (r *ratios) writeRows(what string, c1, c8 series) {
	row := r.rateRow("durable "+what+", "+clientsText(1), c1)
	row.need(row.Ratio >= 0.5, "ratio ≥ 0.5")

	row = r.rateRow("durable "+what+", "+clientsText(8), c8)
	met, best := row.Value >= needRate8, row.best(true)
	if best > 0 {
		met = met || row.Value >= needPeer8*best
	}
	row.need(met, "%s/s or %d × best peer", thousands(needRate8), needPeer8)

	row = r.add(&Row{
		What: "99th percentile of it", Unit: "ms", Value: c8.median(r.main, p99),
		Peers: r.peerFigures(func(s *server) float64 { return c8.median(s, p99) }),
	})
	row.need(row.Value < needP99, "< %d ms", needP99)
}

func clientsText(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// times is the unit of a row that is a ratio itself.
const times = "times"

// quantity writes a figure with its unit; the zero figure is unknown.
func quantity(v float64, unit string) string {
	switch {
	case v == 0:
		return "-"
	case unit == times:
		return fmt.Sprintf("%.2f", v)
	case unit == "ms" || unit == "/s" && v < 100:
		return figure(v) + unitText(unit)
	}
	return thousands(int(v+0.5)) + unitText(unit)
}

func unitText(unit string) string {
	if strings.HasPrefix(unit, "/") {
		return unit
	}
	return " " + unit
}

// rowTable renders rows as a Markdown table with a column for each peer.
func rowTable(rows []*Row, peers []*server) string {
	var b strings.Builder
	head := []string{"what", "contactsd", "limit", "ratio", "needed", "result"}
	for _, s := range peers {
		head = append(head, s.name)
	}
	writeLine := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	writeLine(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		ratio := ""
		if row.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", row.Ratio)
		}
		limit := ""
		if row.Limit > 0 {
			limit = quantity(row.Limit, row.Unit)
		}
		cells := []string{row.What, quantity(row.Value, row.Unit), limit, ratio, row.Need, row.Result}
		for _, s := range peers {
			cells = append(cells, quantity(row.Peers[s.name], row.Unit))
		}
		writeLine(cells)
	}
	return b.String()
}
