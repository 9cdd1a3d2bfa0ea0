using System.Diagnostics;
using Sluice.Durable;

namespace Sluice.Engine.Tests.Processes;

/// <summary>A file has one engine.</summary>
public sealed class OneEngineAFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-lock-").FullName;

    private string File => Path.Combine(_folder, "engine.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_process_is_refused_until_the_first_is_dead()
    {
        using var process = Process.Start(Child.StartInfo("hold", _folder))!;
        try
        {
            Assert.Equal("running", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            var refusal = await RefusedAsync();

            Assert.Equal("StoreBusy", refusal.Code);
            Assert.Contains(File, refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await using var engine = NewEngine();
        await engine.StartAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_second_engine_in_the_same_process_is_refused_until_the_first_has_stopped_or_crashed()
    {
        await using var first = NewEngine();
        await first.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("StoreBusy", (await RefusedAsync()).Code);
        await first.StopAsync(TestContext.Current.CancellationToken);

        await using var second = NewEngine();
        await second.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("StoreBusy", (await RefusedAsync()).Code);
        second.Crash();

        await using var third = NewEngine();
        await third.StartAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_engine_that_could_not_open_its_file_does_not_keep_others_off()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('x', 4096), TestContext.Current.CancellationToken);
        Assert.Equal("StoreCorrupt", (await RefusedAsync()).Code);
        System.IO.File.Delete(File);

        await using var engine = NewEngine();
        await engine.StartAsync(TestContext.Current.CancellationToken);
    }

    private EmbeddedEngine NewEngine() => new(new DurableTasks(), services: null, new EngineOptions { Path = File });

    private async Task<EngineStoreException> RefusedAsync()
    {
        await using var engine = NewEngine();
        return await Assert.ThrowsAsync<EngineStoreException>(() => engine.StartAsync());
    }
}
