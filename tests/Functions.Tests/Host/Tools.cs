using System.Diagnostics;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The programs of others that these tests run, and what is common to running them.</summary>
internal static class Tools
{
    /// <summary>The name of the trait of tests that need them: <c>dotnet test --filter Needs!=func</c> leaves those out.</summary>
    public const string Needs = "Needs";

    public const string Func = "func";

    // The first start of a host on a busy machine.
    public static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(4);

    private const string FuncVariable = "SLUICE_TEST_FUNC";
    private const string AzuriteVariable = "SLUICE_TEST_AZURITE";

    /// <summary>The paths of the Functions host and of Azurite; skips the test when one is missing.</summary>
    public static (string Func, string Azurite) Demand()
    {
        var (func, azurite) = (Find(FuncVariable, Func), Find(AzuriteVariable, "azurite"));
        Assert.SkipWhen(
            func is null || azurite is null,
            "THE AZURE HOST IS NOT TESTED: these tests run Azure Functions Core Tools 4 (`func`, on PATH or named by "
                + $"{FuncVariable}: {func ?? "missing"}) over Azurite (`azurite`, on PATH or named by {AzuriteVariable}: {azurite ?? "missing"}).");
        return (func!, azurite!);
    }

    /// <summary>SIGTERM; waits for the end.</summary>
    public static async Task TerminateAsync(Process process)
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        await process.WaitForExitAsync(deadline.Token);
    }

    private static string? Find(string variable, string program) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named
            ? File.Exists(named) ? named : throw new InvalidOperationException($"{variable} names no file: {named}")
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
