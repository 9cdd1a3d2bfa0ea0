using System.Diagnostics;
using Sluice.Engine.Runtime;

namespace Sluice.Engine.Tests.Processes;

/// <summary>A turn that ends its process would do so at every start; the engine gives its instance up.</summary>
public sealed class DeadlyTurnTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-deadly-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task After_five_deaths_in_the_turn_of_one_instance_the_next_start_fails_it_and_goes_on()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        for (var death = 1; death <= TurnMarks.Deaths; death++)
        {
            var (code, errors) = await Child.RunAsync(Child.StartInfo("deadly", _folder), patience.Token);
            Assert.True(code != 0 && errors.Contains("A turn that ends its process", StringComparison.Ordinal), $"Life {death} ended with {code}: {errors}");
        }

        using var process = Process.Start(Child.StartInfo("deadly", _folder))!;
        var said = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);

        Assert.Equal((0, "good 7, Failed Poisoned\n"), (process.ExitCode, said));
    }
}
