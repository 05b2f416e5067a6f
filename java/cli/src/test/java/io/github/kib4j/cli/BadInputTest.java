package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.experiment.Key;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input through the real command line: its exit code, one sentence, and nothing lost or left behind. */
final class BadInputTest {
    @TempDir
    static Path folder;

    /** A command line, what it must answer, and files to write before; {@code @} stands for the test's folder. */
    private record Case(int code, String says, Map<String, byte[]> files, List<String> arguments) {
        Case with(String file, byte[] content) {
            Map<String, byte[]> more = new LinkedHashMap<>(files);
            more.put(file, content);
            return new Case(code, says, more, arguments);
        }

        Case with(String file, String content) {
            return with(file, content.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String toString() {
            return code + " '" + says + "': kib " + String.join(" ", arguments);
        }
    }

    private static Case usage(String says, String... arguments) {
        return new Case(2, says, Map.of(), List.of(arguments));
    }

    private static Case failure(String says, String... arguments) {
        return new Case(1, says, Map.of(), List.of(arguments));
    }

    /** Returns the command line of a small training; options given here replace its own. */
    private static final String TRAINING =
            "--quiet --dataset mnist --data @/data --groups 8 --epochs 1 --batch 20 --lr-local 0.3 --out @/new --model ";

    private static String[] train(String... more) {
        return CommandResult.train(List.of((TRAINING + "mlp --layers 32,32").split(" ")), more);
    }

    private static String[] vgg(String... more) {
        return CommandResult.train(List.of((TRAINING + "vgg").split(" ")), more);
    }

    @BeforeAll
    static void write() throws IOException {
        TinyImages.idx(folder.resolve("data/mnist"), 60, 20);
        TinyImages.cifar(folder.resolve("cifar"), 2);
        TinyImages.png(folder.resolve("png"), 10, "cat", "dog");
        Files.writeString(folder.resolve("file"), "in the way");
        assertThat(CommandResult.kib(resolved(train("--out", "@/done"))).code()).isZero();
    }

    static Stream<Case> names() {
        return Stream.of(
                usage("'nonsense'", "nonsense"),
                usage("'--nonsense'", "train", "--nonsense"),
                usage("'--epoch'", "train", "--epoch", "3"),
                usage("'stray'", "train", "stray"),
                usage("--epochs", "train", "--epochs"),
                usage("no command 'trian'; did you mean train?", "trian"),
                usage("no option '--dataset'; did you mean kib train --dataset?", "--dataset", "mnist"),
                usage("no option '--epoch'; did you mean --epochs?", "train", "--epoch=3"),
                usage("no option '--lr'; did you mean --lr-decay, --lr-local or --lr-readout?", "train", "--lr", "1"),
                usage("no option '-epochs'; did you mean --epochs?", "train", "-epochs", "3"),
                usage("did you mean --preset mlp-mnist-cosine?", "train", "MLP-mnist-cosine"),
                usage("did you mean --dataset mnist?", "train", "mnist"),
                usage(
                        "no data set 'mnst'; did you mean mnist or kmnist? Choose one of: ",
                        "train",
                        "--dataset",
                        "mnst"),
                usage("no kernel 'gausian'; did you mean gaussian?", train("--kernel", "gausian")),
                usage("no rule 'back-prob'; did you mean backprop?", train("--rule", "phsic,back-prob")),
                usage("no data set to fetch 'mnits'; did you mean mnist or kmnist?", "data", "fetch", "mnits"),
                usage("did you mean list?", "data", "lsit"),
                usage("'kib data list' only", "data", "verify", "mnist", "--json"),
                usage("no preset 'mlp-vgg'; near it are: ", "presets", "mlp", "vgg"),
                usage("choose one of: bash, zsh", "completion", "fish"),
                usage("SHELL", "completion"),
                usage("no preset 'vgg-cifar10'", "train", "--preset", "vgg-cifar10"),
                usage("no preset ''", "train", "--preset", ""),
                usage("no data set 'imagenet'", "train", "--dataset", "imagenet"),
                usage("no data set ''", "train", "--dataset", ""),
                usage("no device 'tpu'", train("--device", "tpu")),
                usage("no device ''", train("--device", "")),
                usage("no device 'tpu:0'", train("--device", "tpu:0")),
                usage("no device 'cpu:one'", train("--device", "cpu:one")),
                usage("no rule 'magic'", train("--rule", "magic")),
                usage("no rule ''", train("--rule", "phsic,,readout")),
                usage("twice", train("--rule", "phsic,phsic")),
                usage(
                        "needs more multiplications for one image than can be counted; take fewer units",
                        "summary",
                        "--pool-after=",
                        "--channels",
                        "16777216,16777216",
                        "--width",
                        "100"),
                usage("no model 'resnet'", train("--model", "resnet")),
                usage("no kernel 'cubic'", train("--kernel", "cubic")),
                usage("no label kernel 'cubic'", train("--label-kernel", "cubic")),
                usage("no activation 'gelu'", train("--activation", "gelu")),
                usage("no optimizer 'lion'", train("--optimizer", "lion")),
                usage("no schedule 'linear'", train("--schedule", "linear")),
                usage("no precision 'f64'", train("--precision", "f64")),
                usage("--bias must be true or false", train("--bias", "maybe")),
                usage("list, fetch or verify", "data", "drop"),
                usage("choose one of", "data", "fetch", "shapes"),
                usage("needs the name", "data", "verify"),
                usage("RUN", "eval"),
                usage("RUN", "predict"),
                usage("'--layer=N'", "codes", "@/done", "--out", "@/new.npy"),
                usage("FILE", "export", "@/done"),
                usage("no config.toml", "eval", "@/nowhere"),
                failure("There is no checkpoint in @/nowhere", "predict", "@/nowhere", "@/file"),
                usage("no config.toml", "codes", "@/nowhere", "--layer", "1", "--out", "@/new.npy"),
                usage("--out must name a file in a folder that exists", "predict", "@/done", "--out", "@/data"),
                usage("no device 'tpu'", "predict", "@/done", "@/file", "--device", "tpu"),
                usage("no format 'pickle'", "export", "@/done", "@/new", "--to", "pickle"),
                usage("no config.toml", "summary", "@/nowhere"),
                usage("no device 'tpu'", "eval", "@/done", "--device", "tpu"));
    }

    /** Every numeric option refuses what is no number, empty, negative, too large. */
    static Stream<Case> numbers() {
        return Arrays.stream(Key.values()).flatMap(key -> {
            List<String> bad = switch (key.type()) {
                case INTEGER ->
                    key == Key.SEED
                            ? List.of("", "x", "1.5", "99999999999999999999")
                            : List.of("", "x", "1.5", "-1", "99999999999999999999", "4294967296");
                case NUMBER -> List.of("", "x", "-1", "NaN", "Infinity", "-Infinity", "1e31", "1e999", "0x");
                case NUMBERS -> List.of("", "x", "-1", "1,,2", "1,", "2,NaN", "1,-1", "1e31", "Infinity");
                case INTEGERS -> List.of("x", "1,,2", "-1", "0", "1.5", "99999999999", "NaN");
                case SIZE -> List.of("", "x", "0", "-1", "32x", "32x32x3", "1.5", "4097", "3x5000");
                case WEIGHTS -> List.of("", "x", "uniform", "1,,2", "0", "-1", "1e31", "NaN");
                case FLAG -> List.of("yes", "1", "TRUE");
                case TEXT, NAME, NAMES, CHOICE -> List.of();
            };
            return bad.stream().map(value -> usage("--" + key.title() + " must be ", train("--" + key.title(), value)));
        });
    }

    static Stream<Case> networks() {
        return Stream.of(
                usage(
                        "layer 1 has 32 activities, which 7 groups do not divide into equal groups of at least 2; take"
                                + " --groups 4 or --groups 8.",
                        train("--groups", "7")),
                usage("take --groups 16.", train("--groups", "32")),
                usage("layer 2 has 30 activities, which 8 groups do not", train("--layers", "32,30")),
                usage("take --groups 2.", train("--layers", "32,30")),
                usage("no number of groups does", train("--layers", "32,31")),
                usage("equal groups of at least 2", train("--groups", "32")),
                usage("needs groups", train("--groups", "0", "--divisive-norm", "true")),
                usage("--power must be given", train("--divisive-norm", "true", "--divisive-power", "1.5")),
                usage("--batch must be a whole number from 1", train("--batch", "0")),
                usage(
                        "The batch must have at least 2 samples, since objectives compare samples",
                        train("--batch", "1")),
                usage(
                        "--gamma has 3 numbers, but there are 2 hidden layers; give one number, or 2.",
                        train("--gamma", "1,2,3")),
                usage(
                        "A Gaussian kernel has 1 to 8 widths sigma, but there are 9.",
                        train("--kernel", "gaussian", "--sigma", "1,2,3,4,5,6,7,8,9")),
                usage(
                        "--cells are of groups of whole channels, but 8 groups do not divide the 12 of hidden layer 1;"
                                + " take --groups 4.",
                        vgg("--channels", "12,16", "--pool-after", "1", "--linear", "32", "--cells", "1,2")),
                usage("Cells have 1 to 8 scales", vgg("--cells", "1,2,3,4,5,6,7,8,9", "--channels", "16")),
                usage("--threads must be a whole number from 1 to 1024", train("--threads", "0")),
                usage("--threads must be a whole number from 1 to 1024", train("--threads", "1025")),
                usage("--width 0.3", train("--width", "0.3")),
                usage("at least one hidden layer", train("--layers", "")),
                usage("--pool-after names convolution 9", vgg("--channels", "8", "--pool-after", "9")),
                usage("are available; no smaller batch fits, but --width 0.", train("--layers", "204800,204800")),
                usage(
                        "MB are available; no smaller batch fits, but --width 0.",
                        train("--layers", "20480,20480", "--device", "reference")),
                usage(
                        "MB are available; no smaller batch fits, but --width 0.",
                        vgg("--channels", "16777216", "--pool-after", "", "--linear", "0")),
                usage(
                        "too often: before convolution 4 they are 1x1; leave out 4 and what follows.",
                        vgg("--channels", "8,8,8,8", "--pool-after", "1,2,3,4", "--groups", "4")),
                usage(
                        "--data means nothing to the data set shapes",
                        "train",
                        "--dataset",
                        "shapes",
                        "--data",
                        "@/data"),
                usage("--layers means nothing to the model vgg", vgg("--layers", "32")),
                usage("--channels means nothing to the model mlp", train("--channels", "32")),
                usage("--linear means nothing to the model mlp", train("--linear", "32")),
                usage("ascending", train("--milestones", "5,3")),
                failure("at least 2 images", train("--limit-train", "1")),
                failure("There is no device 'cpu:1' here; there is cpu.", train("--device", "cpu:1")),
                usage("--data must name", train("--data", "")));
    }

    static Stream<Case> teaching() {
        return Stream.of(
                usage(
                        "The rule layerwise learns classes from their labels, and --teaching is judgements; phsic, hsic and"
                                + " hebbian-pairs learn from it.",
                        train("--teaching", "judgements", "--rule", "phsic,layerwise")),
                usage(
                        "--pairs last compares with samples of batches before, of which --teaching judgements says nothing;"
                                + " give --pairs batch, or --teaching labels or targets.",
                        train("--teaching", "judgements", "--rule", "hebbian-pairs", "--pairs", "last")),
                usage(
                        "--mixup mixes class labels, but --teaching judgements does without; give --teaching labels, or"
                                + " --mixup 0.",
                        train("--teaching", "judgements", "--mixup", "0.2")),
                usage(
                        "--teaching views compares views of one image, of which there is only one; give --views 2.",
                        train("--teaching", "views", "--shift", "2")),
                usage(
                        "--teaching views compares an image cropped in different ways, but images of mnist are trained on"
                                + " as they are; give --augment true --shift 2.",
                        train("--teaching", "views", "--views", "2")),
                usage(
                        "--teaching views compares an image cropped in different ways, but training images are not"
                                + " augmented (--augment); give --augment true --shift 2.",
                        train("--teaching", "views", "--views", "2", "--shift", "2", "--augment", "false")),
                usage(
                        "A batch holds all 3 views of an image, so that it must be a multiple of 3, but is 20.",
                        train("--views", "3")),
                usage(
                        "The flipped and the unknown part of judgements must be at least 0 and less than 1 together, but are"
                                + " 0.6 and 0.5.",
                        train(
                                "--teaching",
                                "judgements",
                                "--judgements-flipped",
                                "0.6",
                                "--judgements-unknown",
                                "0.5")),
                usage(
                        "--pairs averages holds what the linear and cosine kernels need of target vectors; give another"
                                + " --label-kernel, or --pairs last.",
                        train(
                                "--teaching",
                                "targets",
                                "--rule",
                                "hebbian-pairs",
                                "--pairs",
                                "averages",
                                "--label-kernel",
                                "gaussian")));
    }

    static Stream<Case> folders() {
        return Stream.of(
                usage("no config.toml", "train", "--resume", "@/nowhere"),
                usage("--resume needs", "train", "--resume"),
                usage("--out must name a folder", train("--out", "")),
                usage("is not empty", train("--out", "@/done")),
                usage("@/file is a file", train("--out", "@/file")),
                usage("@/file is a file", train("--out", "@/file/run")),
                failure("/proc/kib", train("--out", "/proc/kib/run")),
                usage("--seed is 0", "train", "--resume", "@/done", "--seed", "3"),
                failure("no checkpoint", "train", "--quiet", "--resume", "@/begun")
                        .with("begun/config.toml", "dataset = \"shapes\"\nmodel = \"mlp\"\n"),
                failure("no checkpoint", "eval", "@/begun")
                        .with("begun/config.toml", "dataset = \"shapes\"\nmodel = \"mlp\"\n"),
                failure("is damaged", "train", "--quiet", "--resume", "@/torn")
                        .with("torn/config.toml", config())
                        .with("torn/checkpoint/step-3/state.json", "{\"format\": 2, \"epoch\""),
                failure("is damaged", "predict", "@/torn", "@/file")
                        .with("torn/checkpoint/step-3/state.json", "{\"format\": 2, \"epoch\""),
                failure("is damaged", "export", "@/torn", "@/new.onnx")
                        .with("torn/checkpoint/step-3/state.json", "[]"));
    }

    private static String config() {
        return "dataset = \"mnist\"\ndata = \"" + folder + "/data\"\nmodel = \"mlp\"\nlayers = [32, 32]\n";
    }

    static Stream<Case> configurations() {
        return Stream.of(
                usage("there is no such file", "train", "--config", "@/nowhere.toml"),
                usage("cannot be read (Is a directory)", "train", "--config", "@/data"),
                toml(
                        "@/bad.toml, line 2, column 1: There is no setting 'epoch'; did you mean epochs?",
                        "epochs = 3\nepoch = 4\n"),
                toml("@/bad.toml, line 1, column 10, is no TOML", "epochs = = 3\n"),
                toml("line 1, column 1: --epochs must be a whole number", "epochs = \"x\"\n"),
                toml("line 3, column 1: --lr-local must be a number from 0", "\n\nlr-local = nan\n"),
                toml("line 1, column 1: --lr-local must be a number from 0", "lr-local = inf\n"),
                toml("line 1, column 1: --layers must be whole numbers", "layers = [1, -2]\n"),
                toml("line 1, column 1: 'layers' is a table", "layers = [{a = 1}]\n"),
                toml("line 1, column 1: 'epochs' is a table", "[epochs]\nx = 1\n"),
                toml("is no TOML", "epochs = 1\nepochs = 2\n"),
                toml("is no TOML", "data = \"never closed\n"),
                toml(
                        "line 2, column 1: 'layers' means nothing to the model vgg",
                        "model = \"vgg\"\nlayers = [1024, 1024, 1024]\n"),
                toml(
                        "line 1, column 1: 'channels' means nothing to the model mlp",
                        "channels = [8]\nmodel = \"mlp\"\n"),
                toml("'data' means nothing to the data set shapes", "preset = \"quickstart\"\ndata = \"/tmp\"\n"),
                toml("line 1, column 1: --epochs must be", "\ufeffepochs = \"x\"\n"),
                toml("no preset '5'", "preset = 5\n"),
                toml("line 1, column 1: 'preset' is a table", "preset = {a = 1}\n"),
                toml("no data set '", "dataset = \"a\\u0000b\\nc\"\n"),
                toml("--data is no name", "dataset = \"mnist\"\ndata = \"a\\u0000b\"\n"),
                usage("no text in UTF-8", "train", "--config", "@/bad.toml")
                        .with("bad.toml", new byte[] {'a', (byte) 0xff}),
                usage("TOML", "train", "--config", "@/bad.toml").with("bad.toml", noise(3000)),
                usage("larger than", "train", "--config", "@/bad.toml").with("bad.toml", new byte[3 << 20]),
                toml("TOML", "a = " + "[".repeat(100_000)));
    }

    private static Case toml(String says, String content) {
        return usage(says, "train", "--config", "@/bad.toml").with("bad.toml", content);
    }

    private static byte[] noise(int count) {
        byte[] bytes = new byte[count];
        new java.util.Random(count).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @MethodSource({"names", "numbers", "networks", "teaching", "folders", "configurations"})
    void isOneSentence(Case bad) throws IOException {
        for (Map.Entry<String, byte[]> file : bad.files().entrySet()) {
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        Map<String, Integer> before = FolderContent.of(folder);
        CommandResult.kib(resolved(bad.arguments().toArray(new String[0])))
                .assertSentence(bad.code(), bad.says().replace("@", folder.toString()));
        assertThat(FolderContent.of(folder))
                .as("nothing is written, changed or lost")
                .isEqualTo(before);
    }

    private static String[] resolved(String... arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument.replace("@", folder.toString()))
                .toArray(String[]::new);
    }
}
