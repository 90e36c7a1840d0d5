//go:build !unix

package metrics

import "math"

func maxFiles() float64 { return math.NaN() }

func cpuTime() float64 { return math.NaN() }
