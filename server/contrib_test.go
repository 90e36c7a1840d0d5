package server_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contacts/server"
)

var contrib = filepath.Join("..", "contrib")

// metricName finds names of ours and of the process in an expression. Those of
// histograms have an ending.
var metricName = regexp.MustCompile(`\b(contactsd|go|process)_[a-z0-9_]+`)

// unknownMetrics are the names in an expression that /metrics does not have.
func unknownMetrics(s *server.Server, expr string) (unknown []string) {
	names := server.MetricNames(s)
	for _, name := range metricName.FindAllString(expr, -1) {
		base := name
		for _, ending := range []string{"_bucket", "_sum", "_count"} {
			base = strings.TrimSuffix(base, ending)
		}
		if !slices.Contains(names, name) && !slices.Contains(names, base) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func TestAlertRules(t *testing.T) {
	rules := filepath.Join(contrib, "prometheus", "contactsd.rules.yml")
	t.Run("OPS-59 Prometheus' own tool accepts the rules, and they fire when they should", func(t *testing.T) {
		promtool := tool(t, "promtool")
		for _, args := range [][]string{{"check", "rules", rules}, {"test", "rules", strings.Replace(rules, ".yml", ".test.yml", 1)}} {
			if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
				t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	})
	t.Run("OPS-59 every rule has a test, and every metric exists", func(t *testing.T) {
		text, err := os.ReadFile(rules)
		if err != nil {
			t.Fatal(err)
		}
		tests, err := os.ReadFile(strings.Replace(rules, ".yml", ".test.yml", 1))
		if err != nil {
			t.Fatal(err)
		}
		alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(text), -1)
		if len(alerts) == 0 {
			t.Error("there are no rules")
		}
		for _, a := range alerts {
			if !regexp.MustCompile(`alertname: ` + a[1] + `\n\s+exp_alerts:\n`).Match(tests) {
				t.Errorf("%s fires in no test", a[1])
			}
		}
		if unknown := unknownMetrics(open(t, config(t)), string(text)); len(unknown) > 0 {
			t.Errorf("there are no metrics %q", unknown)
		}
	})
}

// A dashboard is what Grafana needs of one.
type dashboard struct {
	Title         string `json:"title"`
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []struct {
			Name string `json:"name"`
			Type string `json:"type"`
		} `json:"list"`
	} `json:"templating"`
	Panels []struct {
		ID      int    `json:"id"`
		Type    string `json:"type"`
		Title   string `json:"title"`
		GridPos struct {
			H, W, X, Y int
		} `json:"gridPos"`
		Targets []struct {
			RefID string `json:"refId"`
			Expr  string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(contrib, "grafana", "contactsd.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	t.Run("OPS-59 the dashboard has the form that Grafana wants", func(t *testing.T) {
		if d.Title == "" || d.UID == "" || d.SchemaVersion < 30 || len(d.Panels) == 0 {
			t.Errorf("title %q, uid %q, schema %d, %d panels", d.Title, d.UID, d.SchemaVersion, len(d.Panels))
		}
		seen := map[int]bool{}
		for _, p := range d.Panels {
			if p.ID == 0 || seen[p.ID] || p.Type == "" || p.Title == "" || len(p.Targets) == 0 || p.GridPos.W == 0 || p.GridPos.H == 0 || p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("panel %+v", p)
			}
			seen[p.ID] = true
		}
	})
	t.Run("OPS-59 its expressions are those of Prometheus, over metrics that exist", func(t *testing.T) {
		s := open(t, config(t))
		used := ""
		rules := "groups:\n- name: dashboard\n  rules:\n"
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if unknown := unknownMetrics(s, target.Expr); len(unknown) > 0 {
					t.Errorf("%s: there are no metrics %q", p.Title, unknown)
				}
				used += target.Expr + "\n"
				expr := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(target.Expr)
				quoted, err := json.Marshal(expr)
				if err != nil {
					t.Fatal(err)
				}
				rules += "  - record: dashboard:" + strings.ToLower(target.RefID) + string(rune('a'+p.ID)) + "\n    expr: " + string(quoted) + "\n"
			}
		}
		file := filepath.Join(t.TempDir(), "dashboard.yml")
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool(t, "promtool"), "check", "rules", file).CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
		for _, name := range server.MetricNames(s) {
			if strings.HasPrefix(name, "contactsd_") && name != "contactsd_build_info" && !strings.Contains(used, name) {
				t.Errorf("no panel shows %s", name)
			}
		}
	})
}
