using System.Diagnostics;

namespace Sluice.Architecture.Tests;

/// <summary>The rule files under infra/prometheus, by Prometheus's own tool.</summary>
public sealed class PrometheusRuleTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "infra", "prometheus");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.rules.yaml").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Rules_are_such_as_Prometheus_loads_and_fire_when_their_tests_say_so_and_never_else(string rules)
    {
        var (code, said) = await PromtoolAsync("check", "rules", rules);
        Assert.True(code == 0, said);

        (code, said) = await PromtoolAsync("test", "rules", Path.ChangeExtension(rules, ".test.yaml"));
        Assert.True(code == 0, said);
    }

    private static async Task<(int Code, string Said)> PromtoolAsync(params string[] arguments)
    {
        var program = new[] { "/usr/bin/promtool", "/usr/local/bin/promtool" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "Needs promtool: install the package prometheus.");
        using var process = Process.Start(new ProcessStartInfo(program!, arguments)
        {
            WorkingDirectory = Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output + await error);
    }
}
