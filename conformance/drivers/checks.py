"""What the drivers share: steps that print PASS or FAIL, and a small picture."""
import struct
import sys
import time
import traceback
import zlib

COUNT = {'PASS': 0, 'FAIL': 0}
RUN = '%x' % int(time.time() * 1000)  # makes the names of this run unique


def run(steps, wanted):
    """Run the named steps, all when none is named, in the order of the list.

    steps is a list of (name, function). Prints a line per step and a last line
    with the counts; exits 1 when a step failed and 2 when a name is unknown.
    """
    unknown = set(wanted) - {name for name, _ in steps}
    if unknown:
        print('unknown steps: %s' % ', '.join(sorted(unknown)), file=sys.stderr)
        sys.exit(2)
    for name, fn in steps:
        if not wanted or name in wanted:
            step(name, fn)
    print('%d passed, %d failed' % (COUNT['PASS'], COUNT['FAIL']))
    sys.exit(1 if COUNT['FAIL'] else 0)


def step(name, fn):
    """Run fn and print PASS or FAIL with the line of the driver that failed."""
    try:
        fn()
    except Exception as x:
        COUNT['FAIL'] += 1
        main = traceback.extract_tb(x.__traceback__)
        where = [f.lineno for f in main if f.filename == main[1].filename][-1] if len(main) > 1 else 0
        print('FAIL %s: %s: %s (line %d)' % (name, type(x).__name__, str(x).replace('\n', ' ')[:1000], where))
    else:
        COUNT['PASS'] += 1
        print('PASS', name)
    sys.stdout.flush()


def eq(got, want, what='value'):
    if got != want:
        raise AssertionError('%s: got %r, wanted %r' % (what, got, want))


def ok(cond, what):
    if not cond:
        raise AssertionError(what)


def raises(fn, test, what):
    """fn must raise an exception for which test(exception) is true."""
    try:
        fn()
    except Exception as x:
        if test(x):
            return x
        raise AssertionError('%s: wrong error %s %s' % (what, type(x).__name__, str(x)[:300]))
    raise AssertionError('%s: no error' % what)


def png(shade=200, size=16):
    """A valid grey picture of one colour."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body) & 0xffffffff)
    rows = b''.join(b'\x00' + bytes([shade]) * size for _ in range(size))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', size, size, 8, 0, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
