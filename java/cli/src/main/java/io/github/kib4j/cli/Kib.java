package io.github.kib4j.cli;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.experiment.Extensions;
import io.github.kib4j.experiment.Invocation;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.train.TrainingDivergedException;
import io.github.kib4j.train.Version;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
public final class Kib {
    private static final int FAILURE = 1;
    private static final int USAGE = 2;
    /** As {@code sysexits.h} has it for failures of the software itself. */
    private static final int BUG = 70;

    private static final String PLUGIN = "--plugin";

    /** How many places a bug's report names. */
    private static final int FRAMES = 5;

    private static final String LEARNING_RATES =
            " The rates are --lr-local, of hidden layers, and --lr-readout, of the readout and of backprop.";

    /** Logs which devices were passed over, which the commands say themselves. */
    private static final Logger DEVICES = Logger.getLogger(Devices.class.getName());

    private Kib() {}

    /**
     * Runs a command and exits with its code.
     *
     * @param args the words after the command's name
     */
    public static void main(String[] args) {
        DEVICES.setLevel(Level.OFF);
        System.exit(run(args, System.out, System.err));
    }

    /**
     * Runs a command.
     *
     * @param args the words after the command's name
     * @param out where results go
     * @param err where progress and errors go
     * @return 0; 2 if the command line asks for something that does not exist or fit; 70 for a bug in kib4j; 1 for other
     *     failures
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        try {
            return command(args, out, err);
        } catch (UsageException e) {
            return fail(USAGE, e.getMessage(), err);
        } catch (UnmatchedArgumentException e) {
            return fail(USAGE, new Suggestions(e).sentence(), err);
        } catch (ParameterException e) {
            return fail(USAGE, e.getMessage() + "; '" + Invocation.of(name(e), "--help") + "' lists the options.", err);
        } catch (IOException | RuntimeException | Error e) {
            Optional<String> sentence = sentence(e);
            return sentence.isPresent() ? fail(FAILURE, sentence.get(), err) : bug(e, err);
        }
    }

    /** Returns what failed, and what to type; empty if nobody declared that this can happen. */
    private static Optional<String> sentence(Throwable e) {
        if (e instanceof KibFailure failure) {
            String more = e instanceof TrainingDivergedException
                    ? LEARNING_RATES
                    : e instanceof DatasetException data
                            ? data.missing().map(DataCommand::where).orElse("")
                            : "";
            return Optional.of(failure.getMessage() + more);
        }
        if (e instanceof OutOfMemoryError) {
            return Optional.of("Java has not enough memory (" + e.getMessage()
                    + "); take fewer images (--limit-train) or give it more with KIB_JAVA_OPTS=-Xmx8g.");
        }
        Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
        return cause instanceof IOException io ? Optional.of(sentence(io)) : Optional.empty();
    }

    /** Says that kib4j is wrong, and where: what was thrown, and where it passed through kib4j. */
    private static int bug(Throwable e, PrintStream err) {
        fail(BUG, "this is a bug in kib4j " + Version.NUMBER + " (commit " + Version.COMMIT + "): " + e, err);
        if (System.getenv("KIB_DEBUG") != null) {
            e.printStackTrace(err);
        } else {
            Arrays.stream(e.getStackTrace())
                    .filter(frame -> frame.getClassName().startsWith("io.github.kib4j."))
                    .limit(FRAMES)
                    .forEach(frame -> err.println("  at " + frame));
        }
        err.println("Please report it with the lines above and the command; what was saved before stands.");
        return BUG;
    }

    private static int fail(int code, @Nullable String sentence, PrintStream err) {
        err.println("kib: " + FileFailure.printable(String.valueOf(sentence)));
        return code;
    }

    private static String name(ParameterException e) {
        String name = e.getCommandLine().getCommandName();
        return name.equals("kib") ? "" : name;
    }

    private static String sentence(IOException e) {
        String what = e instanceof FileSystemException file
                ? "Writing or reading " + file.getFile() + " failed"
                : "Writing or reading failed";
        return what + " (" + FileFailure.reason(e)
                + "); check the disk, its permissions and the path. What was saved before stands.";
    }

    /** Returns what understands command lines. */
    static CommandLine line() {
        CommandSpec root = Parts.command(
                        "kib", "Trains deep networks without backpropagation: each layer learns by a local rule.")
                .version("kib4j " + Version.NUMBER)
                .addOption(OptionSpec.builder(PLUGIN)
                        .type(Path[].class)
                        .arity("1")
                        .paramLabel("JAR")
                        .description(
                                "a jar that adds rules and teaching signals, before the command; its code runs as kib does")
                        .build());
        HelpScreen.of(
                root,
                "COMMAND [OPTION]...",
                "kib train                  # the quickstart: three rules, a few minutes",
                "kib train --help           # all options of a command",
                "kib presets fashion        # the paper's runs on Fashion-MNIST");
        for (CommandSpec spec : List.of(
                HelpScreen.of(
                        TrainCommand.spec(),
                        "[OPTION]...",
                        "kib train",
                        "kib train --preset mlp-fashion-mnist-cosine-grp-div --epochs 10",
                        "kib train --dataset mnist --model mlp --layers 512,512 --groups 16 \\",
                        "          --divisive-norm --rule phsic,backprop",
                        "kib train --config my.toml --out runs/mine",
                        "kib train --resume runs/mine"),
                HelpScreen.of(
                        ExperimentCommand.spec(),
                        "mlp-table | vgg-table [OPTION]...",
                        "kib experiment mlp-table --datasets mnist,fashion-mnist --seeds 2",
                        "kib experiment mlp-table --columns cosine-grp,backprop --epochs 10",
                        "kib experiment vgg-table --widths 1 --optimizers adamw --width 0.25 \\",
                        "          --epochs 20 --precision bf16 --out runs/small"),
                HelpScreen.of(
                        SweepCommand.spec(),
                        "FILE.toml [OPTION]...",
                        "kib sweep rates.toml                           # that file:",
                        "    halving = 3",
                        "    [base]",
                        "    preset = \"mlp-mnist-cosine-grp\"",
                        "    epochs = 27",
                        "    validation = true",
                        "    [random]",
                        "    runs = 27",
                        "    lr-local = { from = 0.05, to = 5, log = true }",
                        "    groups = [16, 32, 64]",
                        "kib sweep rates.toml --parallel 4 --out runs/rates"),
                HelpScreen.of(
                        EvalCommand.spec(),
                        "RUN [OPTION]...",
                        "kib eval runs/mine",
                        "kib eval runs/mine --data DIR --json"),
                HelpScreen.of(
                        PredictCommand.spec(),
                        "RUN [FILE...] [OPTION]...",
                        "kib predict runs/mine cat.png photos/          # a table on the terminal",
                        "kib predict runs/mine new.csv --leave-out id --out predicted.csv",
                        "my-program | kib predict runs/mine --json      # line by line"),
                HelpScreen.of(
                        CodesCommand.spec(),
                        "RUN --layer N --out FILE.npy [OPTION]...",
                        "kib codes runs/mine --layer 2 --out codes.npy --labels labels.npy",
                        "kib codes runs/mine --layer 1 --out train.npy --part train"),
                HelpScreen.of(
                        ExportCommand.spec(),
                        "RUN FILE [OPTION]...",
                        "kib export runs/mine mine.onnx",
                        "kib export runs/mine weights.safetensors --rule phsic"),
                HelpScreen.of(
                        ReportCommand.spec(),
                        "DIR... [OPTION]...",
                        "kib report runs/mine",
                        "kib report runs/a runs/b --out compared.html"),
                HelpScreen.of(
                        DataCommand.spec(),
                        "list | fetch NAME | verify NAME [OPTION]...",
                        "kib data list",
                        "kib data fetch cifar10",
                        "kib data verify folder --data DIR"),
                HelpScreen.of(
                        PresetsCommand.spec(),
                        "[NAME | WORD...] [OPTION]...",
                        "kib presets vgg                                # those with vgg in their name",
                        "kib presets mlp-mnist-cosine-grp > my.toml     # one's settings, to change"),
                HelpScreen.of(
                        SummaryCommand.spec(),
                        "[RUN] [OPTION]...",
                        "kib summary --preset vgg-cifar10-2x-adamw-cosine-grp",
                        "kib summary --dataset folder --data DIR --batch 64",
                        "kib summary runs/mine --json"),
                HelpScreen.of(DoctorCommand.spec(), "[OPTION]...", "kib doctor"),
                HelpScreen.of(BundleCommand.spec(), "DIR [OPTION]...", "kib bundle kib4j", "kib4j/kib doctor"),
                HelpScreen.of(Completion.spec(), "SHELL", "source <(kib completion bash)"))) {
            root.addSubcommand(spec.name(), spec);
        }
        CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF); // the last of two equal options wins, unsaid
        return new CommandLine(root).setAbbreviatedOptionsAllowed(false).setOverwrittenOptionsAllowed(true);
    }

    /** Returns {@code train --help} for {@code help train}. */
    private static String[] helped(String... args) {
        if (args.length == 0 || !args[0].equals("help")) {
            return args;
        }
        List<String> words = new ArrayList<>(List.of(args).subList(1, args.length));
        words.add("--help");
        return words.toArray(new String[0]);
    }

    private static int command(String[] args, PrintStream out, PrintStream err) throws IOException {
        CommandLine line = line();
        line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        ParseResult parsed = line.parseArgs(helped(args));
        for (ParseResult part = parsed; part != null; part = part.subcommand()) {
            if (!part.unmatched().isEmpty()) { // picocli itself lets it pass beside --help
                throw new UnmatchedArgumentException(part.commandSpec().commandLine(), part.unmatched());
            }
        }
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        ParseResult sub = parsed.subcommand();
        if (sub == null) {
            line.usage(err);
            return USAGE;
        }
        Path[] plugins = parsed.matchedOptionValue(PLUGIN, new Path[0]);
        if (plugins.length > 0) {
            Extensions.load(List.of(plugins));
        }
        return switch (sub.commandSpec().name()) {
            case "train" -> new TrainCommand(sub, out, err).run();
            case "experiment" -> new ExperimentCommand(sub, out, err).run();
            case "sweep" -> SweepCommand.run(sub, out, err);
            case "eval" -> EvalCommand.run(sub, out, err);
            case "predict" -> PredictCommand.run(sub, System.in, out, err);
            case "codes" -> CodesCommand.run(sub, out, err);
            case "export" -> ExportCommand.run(sub, out, err);
            case "report" -> ReportCommand.run(sub, out, err);
            case "data" -> DataCommand.run(sub, out, err);
            case "presets" -> PresetsCommand.run(sub, out);
            case "summary" -> SummaryCommand.run(sub, out, err);
            case "bundle" -> BundleCommand.run(sub, out);
            case "completion" -> Completion.run(sub, line, out);
            default -> DoctorCommand.run(sub, out);
        };
    }
}
