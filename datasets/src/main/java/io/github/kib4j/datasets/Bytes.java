package io.github.kib4j.datasets;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;

/** Bytes of a file, gzipped or not; every failure is a sentence that names the file. */
final class Bytes implements AutoCloseable {
    /** As much as one read allocates before bytes have proved to be there, so that a lying header costs no memory. */
    private static final int PIECE = 1 << 20;

    /** More than any data set of these formats has. */
    private static final long LARGEST = 1L << 30;

    private static final byte[] GZIP = {0x1f, (byte) 0x8b};
    private static final byte[] TAR = {'u', 's', 't', 'a', 'r'};

    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final InputStream in;

    /** Opens a file, which is gzipped where it begins as such files do, whatever its name says. */
    Bytes(Path file) {
        this.file = file;
        InputStream raw = null;
        try {
            raw = Files.newInputStream(file);
            in = open(raw);
        } catch (IOException e) {
            closeQuietly(raw);
            throw failure(e);
        }
    }

    /** Reads on from a stream that is part of a file. */
    Bytes(Path file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** Returns what a stream holds, unzipped if it begins with gzip's two bytes. */
    static InputStream open(InputStream raw) throws IOException {
        BufferedInputStream in = new BufferedInputStream(raw, BUFFER);
        in.mark(GZIP.length);
        boolean zipped = Arrays.equals(in.readNBytes(GZIP.length), GZIP);
        in.reset();
        return zipped ? unzip(in) : in;
    }

    /** Returns whether a file begins as gzipped ones do. */
    static boolean isZipped(Path file) {
        return holds(file, 0, GZIP);
    }

    /** Returns whether a file is an archive of tar, by the word in its first header. */
    static boolean isTar(Path file) {
        return holds(file, 257, TAR);
    }

    private static boolean holds(Path file, int place, byte[] word) {
        try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(place);
            return Arrays.equals(in.readNBytes(word.length), word);
        } catch (IOException e) {
            return false;
        }
    }

    Path file() {
        return file;
    }

    /** Returns what a gzipped stream holds; its last read checks the checksum, and that nothing else follows. */
    static InputStream unzip(InputStream zipped) throws IOException {
        return new GzipCompressorInputStream(new BufferedInputStream(zipped, BUFFER), true);
    }

    private static void closeQuietly(@Nullable InputStream stream) {
        try {
            if (stream != null) {
                stream.close();
            }
        } catch (IOException e) {
            // the first failure is the one to report
        }
    }

    /** Returns a big-endian integer. */
    int readInt() {
        byte[] four = read(4);
        return (four[0] & 0xFF) << 24 | (four[1] & 0xFF) << 16 | (four[2] & 0xFF) << 8 | four[3] & 0xFF;
    }

    /** Returns the next {@code count} bytes. */
    byte[] read(long count) {
        if (count > LARGEST) {
            throw new DatasetException("The file " + file + " announces " + count
                    + " bytes, more than can be read; it is damaged or not of this format.");
        }
        byte[] bytes = new byte[(int) Math.min(count, PIECE)];
        int done = 0;
        try {
            while (done < count) {
                if (done == bytes.length) {
                    bytes = Arrays.copyOf(bytes, (int) Math.min(count, 2L * bytes.length));
                }
                int got = in.read(bytes, done, bytes.length - done);
                if (got < 0) {
                    throw new EOFException();
                }
                done += got;
            }
        } catch (EOFException e) {
            throw new DatasetException(
                    "The file " + file + " is cut short: it announces " + count + " bytes more where it has " + done
                            + "; fetch it again.",
                    e);
        } catch (IOException e) {
            throw failure(e);
        }
        return bytes;
    }

    /** Checks that nothing follows. */
    void expectEnd() {
        try {
            if (in.read() >= 0) {
                throw new DatasetException("The file " + file + " is longer than its header says; fetch it again.");
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private DatasetException failure(IOException e) {
        return new DatasetException(
                "The file " + file + " cannot be read (" + FileFailure.reason(e)
                        + "); fetch it again or check its permissions.",
                e);
    }

    @Override
    public void close() {
        closeQuietly(in);
    }

    /** Returns a file's MD5 sum, by which publishers of these sets identify them. */
    static String md5(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return md5(in);
        }
    }

    /** Returns the MD5 sum of what a stream still holds. */
    static String md5(InputStream stream) throws IOException {
        try {
            DigestInputStream in = new DigestInputStream(stream, MessageDigest.getInstance("MD5"));
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has MD5", e);
        }
    }
}
