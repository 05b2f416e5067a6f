package io.github.kib4j.experiment;

import io.github.kib4j.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps a run's folder to one process. The system takes the lock from a process that ends, however it ends. */
final class RunLock implements AutoCloseable {
    private static final int MAXIMAL_DIGITS = 20;

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Locks a run's folder by a file in it.
     *
     * @throws CheckpointException if another process has it
     */
    static RunLock of(Path run, Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!isLocked(channel)) {
                throw new CheckpointException("The run in " + run + " is being trained by process " + owner(channel)
                        + "; wait until that ends, or stop it.");
            }
            writeOwner(channel);
            return new RunLock(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static String owner(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(MAXIMAL_DIGITS);
        channel.read(text, 0);
        return StandardCharsets.US_ASCII.decode(text.flip()).toString().trim();
    }

    private static void writeOwner(FileChannel channel) {
        try {
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            // On a full disk: the number is for people only, the lock holds without it.
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
