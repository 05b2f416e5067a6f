#!/usr/bin/env bash
# oneDNN's batch normalization of a channels-last image in single precision sums each channel in one running float per thread. With
# 131,072 numbers a channel that loses digits: equal numbers do not become 0, and the result depends on the number of threads.
#
# JavaCPP dnnl 3.11-1.5.13 (oneDNN 3.11), Linux x86-64 with AVX-512 and two processors or more; [128, 16, 32, 32] filled with 5.1, training
# mode, epsilon 1e-5, no scale and shift, set_deterministic(true).
# Expected: mean 5.1 and y = 0 but for rounding (a mean that is off by one unit in the last place makes 1.5e-4 of it).
# Real:
#   1 thread(s) channels-last  mean 5.1019106, y -0.517278 (bnorm_jit:avx512_core)
#   2 thread(s) channels-last  mean 5.0966330, y +0.729029 (bnorm_jit:avx512_core)
#   1 thread(s) channels-first mean 5.1000032, y -0.001056 (ncsp_bnorm:any)
#   2 thread(s) channels-first mean 5.1000032, y -0.001056 (ncsp_bnorm:any)
# Channels-first is better, since each image's plane is summed by itself first.
# Needs: bash, a JDK 17 or later, Maven. Exits 0 where channels-last is off by more than 0.1, 1 where it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>norm</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId><version>3.11-1.5.13</version></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId><version>3.11-1.5.13</version><classifier>linux-x86_64</classifier></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>opencl</artifactId><version>3.0-1.5.13</version></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>opencl</artifactId><version>3.0-1.5.13</version><classifier>linux-x86_64</classifier></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>javacpp</artifactId><version>1.5.13</version><classifier>linux-x86_64</classifier></dependency>
  </dependencies>
</project>
POM
mvn -q -B --no-transfer-progress -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib" >&2

cat >"$work/Norm.java" <<'JAVA'
import org.bytedeco.dnnl.*;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

public class Norm {
    public static void main(String[] arguments) {
        boolean last = arguments[0].equals("channels-last");
        long b = 128, c = 16, h = 32, w = 32;
        long[] strides = last ? new long[] {h * w * c, 1, w * c, c} : new long[] {c * h * w, h * w, w, 1};
        engine cpu = new engine(engine.kind.cpu, 0);
        memory.desc image = new memory.desc(new long[] {b, c, h, w}, memory.data_type.f32, strides);
        memory.desc vector = new memory.desc(new long[] {c}, memory.data_type.f32, new long[] {1});
        FloatPointer a = new FloatPointer(b * c * h * w), y = new FloatPointer(b * c * h * w);
        FloatPointer mean = new FloatPointer(c), variance = new FloatPointer(c);
        for (long i = 0; i < b * c * h * w; i++) a.put(i, 5.1f);
        primitive_attr attributes = new primitive_attr();
        attributes.set_deterministic(true);
        var description = new batch_normalization_forward.primitive_desc(
                cpu, dnnl.prop_kind.forward_training.value, image, image, 1e-5f, 0, attributes, false);
        IntMemoryMap map = new IntMemoryMap();
        map.put(dnnl.DNNL_ARG_SRC, new memory(image, cpu, a));
        map.put(dnnl.DNNL_ARG_DST, new memory(image, cpu, y));
        map.put(dnnl.DNNL_ARG_MEAN, new memory(vector, cpu, mean));
        map.put(dnnl.DNNL_ARG_VARIANCE, new memory(vector, cpu, variance));
        new batch_normalization_forward(description).execute(new stream(cpu), map);
        System.out.printf("%-14s mean %.7f, y %+.6f (%s)%n", arguments[0], mean.get(0), y.get(0), description.impl_info_str().getString());
    }
}
JAVA

run() { OMP_NUM_THREADS=$2 java -cp "$work/lib/*" "$work/Norm.java" "$1" | sed "s/^/$2 thread(s) /"; }
{ run channels-last 1; run channels-last 2; run channels-first 1; run channels-first 2; } | tee "$work/seen"
awk '$3 == "channels-last" && ($7 > 0.1 || $7 < -0.1) { off++ } END { exit off == 2 ? 0 : 1 }' "$work/seen"
