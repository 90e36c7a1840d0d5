// Command fetch prints the status of each URL, as any program in Go gets it
// that knows nothing of proxies and authorities.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		res, err := http.Get(url)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		res.Body.Close()
		fmt.Println(res.Status)
	}
}
