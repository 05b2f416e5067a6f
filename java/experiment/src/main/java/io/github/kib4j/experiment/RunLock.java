package io.github.kib4j.experiment;

import io.github.kib4j.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Keeps a folder to one process. The system takes the lock from a process that ends, however it ends. */
final class RunLock implements AutoCloseable {
    private static final int MAXIMAL_DIGITS = 20;

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Locks a folder by a file in it.
     *
     * @param busy what another process is doing there, the beginning of a sentence: {@code The run in DIR is being trained}
     * @throws CheckpointException if another process has it
     */
    static RunLock of(String busy, Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (!isLocked(channel)) {
                throw new CheckpointException(
                        busy + " by process " + owner(channel) + "; wait until that ends, or stop it.");
            }
            writeOwner(channel);
            return new RunLock(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Returns which process has a folder locked by a file in it; empty if none has. */
    static Optional<String> holder(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return isLocked(channel) ? Optional.empty() : Optional.of(owner(channel));
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
