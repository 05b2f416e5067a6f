package io.github.kib4j.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Choices that outlive a process: a text file, one line each, of device and libraries, task and settings, plan, and microseconds,
 * separated by tabs. The last line of a task counts; one is only added where none names a plan that there is, under a lock, so that two
 * processes that measure at the same time take the same plan. Lines of other devices and libraries, and what is no such line, are left alone.
 */
final class ConvolutionFile {
    private static final int FIELDS = 4;

    private final Path path;
    private final String device;
    private final Map<String, ConvolutionChoice> choices = new HashMap<>();
    private @Nullable String problem;

    /**
     * Reads the choices, if there are any.
     *
     * @param device what has to be the same for the same bits: card, and versions of its libraries
     */
    ConvolutionFile(Path path, String device) {
        this.path = path;
        this.device = device.replace('\t', ' ');
        try {
            if (Files.exists(path)) {
                read(Files.readString(path));
            }
        } catch (IOException e) {
            problem = "read: " + e.getMessage();
        }
    }

    /** Returns where choices of this user's processes are kept: {@code $XDG_CACHE_HOME/kib4j/convolutions}, or in {@code ~/.cache}. */
    static Path ofUser() {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path home = Path.of(System.getProperty("user.home"));
        Path base = configured == null || configured.isBlank() ? home.resolve(".cache") : Path.of(configured);
        return base.resolve("kib4j").resolve("convolutions");
    }

    private void read(String text) {
        choices.clear();
        text.lines().map(line -> line.split("\t", -1)).forEach(fields -> {
            if (fields.length == FIELDS && fields[0].equals(device)) {
                number(fields[3]).ifPresent(time -> choices.put(fields[1], new ConvolutionChoice(fields[2], time)));
            }
        });
    }

    private static Optional<Double> number(String text) {
        try {
            return Optional.of(Double.valueOf(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Returns what is kept for a task. */
    Optional<ConvolutionChoice> choice(String task) {
        return Optional.ofNullable(choices.get(task));
    }

    /**
     * Keeps a choice, if none is by now that is still offered, and returns the one that is. A file that cannot be written is no
     * reason to stop.
     */
    ConvolutionChoice keep(String task, ConvolutionChoice choice, Predicate<ConvolutionChoice> isOffered) {
        synchronized (ConvolutionFile.class) { // a lock on a file is one of the whole process
            try {
                Files.createDirectories(path.toAbsolutePath().getParent());
                try (FileChannel channel = FileChannel.open(
                                path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                        FileLock lock = channel.lock()) {
                    ByteBuffer old = ByteBuffer.allocate(Math.toIntExact(channel.size()));
                    while (old.hasRemaining() && channel.read(old) >= 0) {}
                    String text = new String(old.array(), 0, old.position(), StandardCharsets.UTF_8);
                    read(text);
                    if (choice(task).filter(isOffered).isEmpty()) {
                        choices.put(task, choice);
                        String end = text.isEmpty() || text.endsWith("\n") ? "" : "\n";
                        String line =
                                String.join("\t", device, task, choice.plan(), Double.toString(choice.microseconds()));
                        channel.position(channel.size());
                        ByteBuffer added = ByteBuffer.wrap((end + line + "\n").getBytes(StandardCharsets.UTF_8));
                        while (added.hasRemaining()) {
                            channel.write(added);
                        }
                    }
                }
            } catch (IOException e) {
                problem = "written: " + e.getMessage();
            }
        }
        return choice(task).filter(isOffered).orElse(choice);
    }

    /** Returns one sentence about what prevents choices from being kept, if something does. */
    Optional<String> problem() {
        return Optional.ofNullable(problem)
                .map(what ->
                        "What was measured of convolutions cannot be kept, so that another run may compute by others"
                                + " and give other bits: " + path + " cannot be " + what
                                + "; make it a file that you may write.");
    }
}
