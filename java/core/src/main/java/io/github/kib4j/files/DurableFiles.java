package io.github.kib4j.files;

import java.io.BufferedOutputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that survive a kill, a full disk and a power cut at any moment: whole as before, or whole as wanted. */
public final class DurableFiles {
    private DurableFiles() {}

    /**
     * Writes a file and forces it to the disk.
     *
     * @param file the file
     * @param text what to write, in UTF-8
     * @throws IOException if the file system refuses
     */
    public static void write(Path file, String text) throws IOException {
        writeAndForce(
                file,
                text.getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
    }

    /**
     * Adds to a file's end, and forces it to the disk.
     *
     * @param file the file
     * @param text what to write, in UTF-8
     * @throws IOException if the file system refuses
     */
    public static void append(Path file, String text) throws IOException {
        append(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Adds to a file's end, and forces it to the disk.
     *
     * @param file the file
     * @param content what to write
     * @throws IOException if the file system refuses
     */
    public static void append(Path file, byte[] content) throws IOException {
        writeAndForce(file, content, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static void writeAndForce(Path file, byte[] content, OpenOption... options) throws IOException {
        try (FileChannel channel = FileChannel.open(file, options)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    /** Returns a failure with the file's name, which those of reading and writing lack. */
    static IOException named(Path file, IOException failure) {
        return failure instanceof FileSystemException
                ? failure
                : new IOException("Writing " + file + " failed (" + failure.getMessage() + ")", failure);
    }

    /**
     * Replaces a file's text, or creates it, in one step. The new text is written to a file beside it whose name ends in
     * {@code .new}, which a kill may leave behind and the next call overwrites.
     *
     * @param file the file
     * @param text what to write, in UTF-8
     * @throws IOException if the file system refuses
     */
    public static void replace(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            write(temporary, text);
            rename(temporary, file);
        } catch (IOException e) {
            deleteAfter(e, temporary);
            throw e;
        }
    }

    /** Writes a file's content. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes all of it.
         *
         * @param out where to; not to be closed
         * @throws IOException if the file system refuses
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Replaces a file, or creates it, in one step, as {@link #replace(Path, String)}.
     *
     * @param file the file
     * @param content what to write
     * @throws IOException if the file system refuses
     */
    public static void replace(Path file, Content content) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (FileOutputStream unbuffered = new FileOutputStream(temporary.toFile());
                    BufferedOutputStream out = new BufferedOutputStream(unbuffered, 1 << 16)) {
                content.writeTo(out);
                out.flush();
                unbuffered.getFD().sync();
            } catch (FileNotFoundException e) {
                throw new FileSystemException(temporary.toString(), null, "it cannot be created");
            } catch (IOException e) {
                throw named(temporary, e);
            }
            rename(temporary, file);
        } catch (IOException | RuntimeException e) {
            deleteAfter(e, temporary);
            throw e;
        }
    }

    /**
     * Renames a file or folder in one step, and forces the new name to the disk.
     *
     * @param from what is there
     * @param to its new name; a file of that name is replaced
     * @throws IOException if the file system refuses
     */
    public static void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("The file system of " + to + " cannot rename in one step", e);
        }
        forceFolder(to.resolveSibling("."));
    }

    /**
     * Forces a folder's list of names to the disk, where the system can.
     *
     * @param folder the folder
     * @throws IOException if the file system refuses
     */
    public static void forceFolder(Path folder) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            return; // Windows opens no folders
        }
        try (channel) {
            channel.force(true);
        }
    }

    /**
     * Deletes a file, or a folder and what is in it, if it is there.
     *
     * @param path the file or folder
     * @throws IOException if the file system refuses
     */
    public static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
                for (Path entry : entries) {
                    delete(entry);
                }
            } catch (NoSuchFileException e) {
                return;
            }
        }
        Files.deleteIfExists(path);
    }

    /**
     * Deletes what a failure has left; if that fails too, it is noted in the failure.
     *
     * @param failure what has failed
     * @param path what it has left
     */
    public static void deleteAfter(Exception failure, Path path) {
        try {
            delete(path);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
