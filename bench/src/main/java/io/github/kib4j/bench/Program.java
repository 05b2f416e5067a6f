package io.github.kib4j.bench;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The benchmarks' command lines: what is wrong with one is said in one sentence before anything is measured. */
public final class Program {
    private Program() {}

    /**
     * Runs a command.
     *
     * @param command what is run
     * @param err where errors go
     * @param arguments the words after the program's name
     * @return its exit code; 2 for wrong options
     */
    public static int run(Callable<Integer> command, PrintWriter err, String... arguments) {
        return new CommandLine(command)
                .setErr(err)
                .setParameterExceptionHandler((problem, unused) -> {
                    String name = problem.getCommandLine().getCommandName();
                    String sentence = String.valueOf(problem.getMessage()).replaceAll("\\.$", "");
                    err.printf("%s: %s; '%s --help' lists the options.%n", name, sentence, name);
                    return CommandLine.ExitCode.USAGE;
                })
                .execute(arguments);
    }

    /**
     * Refuses the options unless something holds.
     *
     * @param spec the options
     * @param holds what must hold
     * @param sentence what is said where it does not hold
     */
    public static void check(@Nullable CommandSpec spec, boolean holds, String sentence) {
        if (!holds && spec != null) {
            throw new ParameterException(spec.commandLine(), sentence);
        }
    }

    /**
     * Refuses a name for the report that is taken, or where nothing can be written.
     *
     * @param spec the options
     * @param out where the report goes; null for nowhere
     */
    public static void checkOut(@Nullable CommandSpec spec, @Nullable Path out) {
        if (out == null) {
            return;
        }
        check(spec, out.getFileName() != null && !out.toString().isEmpty(), "--out needs the name of a file");
        for (Path file : Output.files(out)) {
            check(spec, !Files.exists(file), "--out: " + file + " exists; name another file, or remove it");
        }
        Path folder = out.toAbsolutePath().normalize().getParent();
        while (folder != null && !Files.exists(folder)) {
            folder = folder.getParent();
        }
        boolean writable = folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
        check(spec, writable, "--out: nothing can be written in " + folder + "; name a file in another folder");
    }

    /**
     * {@return the command line's arguments}
     *
     * @param spec the options
     */
    public static List<String> arguments(@Nullable CommandSpec spec) {
        return spec == null ? List.of() : spec.commandLine().getParseResult().originalArgs();
    }
}
