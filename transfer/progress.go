package transfer

import "time"

// A Progress tells how far long work has come.
type Progress struct {
	Done    int           // entries
	Read    int64         // bytes of the file; 0 without one
	Size    int64         // bytes of the file; 0 if it is not known
	Elapsed time.Duration // since this run began
	Rate    float64       // entries a second in this run
}

// A meter calls back with the progress of one run.
type meter struct {
	now   func() time.Time
	call  func(Progress)
	began time.Time
	from  int // done before this run
}

func newMeter(now func() time.Time, call func(Progress)) *meter {
	if now == nil {
		now = time.Now
	}
	return &meter{now: now, call: call, began: now()}
}

func (m *meter) show(done int, read, size int64) {
	if m.call == nil {
		return
	}
	p := Progress{Done: done, Read: read, Size: size, Elapsed: m.now().Sub(m.began)}
	if s := p.Elapsed.Seconds(); s > 0 {
		p.Rate = float64(done-m.from) / s
	}
	m.call(p)
}
