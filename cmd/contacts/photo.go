package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"contacts/client"
	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) photoCommand() *cobra.Command {
	return line.Group("photo", "Read and change the photo of a contact", a.photoGet(), a.photoSet(), a.photoRm())
}

func (a *app) photoGet() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "get CONTACT",
		Short:   "Write the photo of a contact to a file, or to stdout in a pipe",
		Example: "  contacts photo get jane@example.com -o jane.jpg",
		Args:    line.Args(1, 1),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "-", "`file` to write; - for stdout")
	cmd.ValidArgsFunction = a.completeContacts
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if output == "-" && a.term.out {
			return usageErrorf("a photo is nothing for a terminal; name a file with -o")
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		c, err := s.find(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		p, err := s.Photo(cmd.Context(), c)
		if errors.Is(err, client.ErrNoPhoto) {
			return fmt.Errorf("%s has no photo", oneLine(title(c)))
		}
		if err != nil {
			return err
		}
		if err := transfer.WriteFile(output, a.stdout, func(w io.Writer) error {
			_, err := w.Write(p.Data)
			return err
		}); err != nil {
			return err
		}
		a.remark("%s, %s", clean(p.ContentType), transfer.Count(len(p.Data), "byte", "bytes"))
		return nil
	}
	return cmd
}

// maxPhotoFile is what is read of a photo at most; servers take less.
const maxPhotoFile = 32 << 20

func (a *app) photoSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set CONTACT FILE",
		Short: "Give a contact a photo; FILE may be - for stdin",
		Args:  line.Args(2, 2),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var r io.Reader = a.stdin
		if args[1] != "-" {
			f, err := os.Open(args[1])
			if err != nil {
				return err
			}
			defer f.Close()
			r = f
		}
		data, err := io.ReadAll(io.LimitReader(r, maxPhotoFile+1))
		if err != nil {
			return err
		}
		kind := http.DetectContentType(data)
		switch {
		case len(data) > maxPhotoFile:
			return fmt.Errorf("%s has more than %d MB", args[1], maxPhotoFile>>20)
		case !strings.HasPrefix(kind, "image/"):
			return fmt.Errorf("%s is no image that is known here, but %s", args[1], kind)
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		c, err := s.find(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if _, err := s.PutPhoto(cmd.Context(), c, bytes.NewReader(data), kind); err != nil {
			return err
		}
		a.remark("%s has a new photo", oneLine(title(c)))
		return nil
	}
	return cmd
}

func (a *app) photoRm() *cobra.Command {
	cmd := &cobra.Command{Use: "rm CONTACT", Short: "Take the photo of a contact away", Args: line.Args(1, 1)}
	cmd.ValidArgsFunction = a.completeContacts
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := a.connect()
		if err != nil {
			return err
		}
		c, err := s.find(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if !c.HasPhoto() {
			return fmt.Errorf("%s has no photo", oneLine(title(c)))
		}
		if err := s.DeletePhoto(cmd.Context(), c); err != nil {
			return err
		}
		a.remark("%s has no photo any more", oneLine(title(c)))
		return nil
	}
	return cmd
}
