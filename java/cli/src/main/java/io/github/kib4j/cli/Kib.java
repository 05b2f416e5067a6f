package io.github.kib4j.cli;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.train.CheckpointException;
import io.github.kib4j.train.TrainingDivergedException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line. */
public final class Kib {
    static final String VERSION = "0.1.0-SNAPSHOT";

    private static final int FAILURE = 1;
    private static final int USAGE = 2;

    private Kib() {}

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        System.exit(run(args, System.out, System.err));
    }

    /**
     * Runs a command.
     *
     * @return 0; 2 if the command line asks for something that does not exist or fit; 1 for other failures
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        try {
            return command(args, out, err);
        } catch (UsageException e) {
            err.println("kib: " + e.getMessage());
            return USAGE;
        } catch (ParameterException e) {
            err.println("kib: " + e.getMessage() + ". 'kib " + name(e) + "--help' lists the options.");
            return USAGE;
        } catch (DatasetException
                | TrainingDivergedException
                | CheckpointException
                | OutOfDeviceMemoryException
                | IllegalArgumentException e) {
            err.println("kib: " + e.getMessage());
            return FAILURE;
        } catch (IOException e) {
            err.println("kib: " + sentence(e));
            return FAILURE;
        } catch (UncheckedIOException e) {
            err.println("kib: " + sentence(new IOException(e.getMessage(), e)));
            return FAILURE;
        } catch (OutOfMemoryError e) {
            err.println("kib: Java has not enough memory (" + e.getMessage()
                    + "); take fewer images (--limit-train) or give it more with KIB_JAVA_OPTS=-Xmx8g.");
            return FAILURE;
        } catch (RuntimeException e) {
            err.println("kib: an unexpected failure: " + e + "; set KIB_DEBUG=1 to see where, and please report it.");
            if (System.getenv("KIB_DEBUG") != null) {
                e.printStackTrace(err);
            }
            return FAILURE;
        }
    }

    private static String name(ParameterException e) {
        String name = e.getCommandLine().getCommandName();
        return name.equals("kib") ? "" : name + " ";
    }

    private static String sentence(IOException e) {
        if (e instanceof AccessDeniedException denied) {
            return "No permission for " + denied.getFile()
                    + "; choose another folder with --out, or change its permissions.";
        }
        if (e instanceof FileSystemException file) {
            return "Writing or reading " + file.getFile() + " failed ("
                    + (file.getReason() == null ? file.getClass().getSimpleName() : file.getReason())
                    + "); check the disk and the path.";
        }
        return e.getMessage() + "; check the disk and the path. What was saved before stands.";
    }

    private static int command(String[] args, PrintStream out, PrintStream err) throws IOException {
        CommandSpec root =
                CommandSpec.create().name("kib").version("kib4j " + VERSION).mixinStandardHelpOptions(true);
        root.usageMessage().description("Trains deep networks without backpropagation.");
        root.addSubcommand("train", TrainCommand.spec());
        root.addSubcommand("eval", EvalCommand.spec());
        root.addSubcommand("data", InfoCommands.dataSpec());
        root.addSubcommand("presets", InfoCommands.presetsSpec());
        root.addSubcommand("summary", InfoCommands.summarySpec());
        root.addSubcommand("doctor", InfoCommands.doctorSpec());
        CommandLine line = new CommandLine(root).setAbbreviatedOptionsAllowed(false);
        line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        ParseResult parsed = line.parseArgs(args);
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        ParseResult sub = parsed.subcommand();
        if (sub == null) {
            line.usage(err);
            return USAGE;
        }
        return switch (sub.commandSpec().name()) {
            case "train" -> new TrainCommand(sub, out, err).run();
            case "eval" -> EvalCommand.run(sub, out);
            case "data" -> InfoCommands.data(sub, out, err);
            case "presets" -> InfoCommands.presets(out);
            case "summary" -> InfoCommands.summary(sub, out);
            default -> InfoCommands.doctor(out);
        };
    }
}
