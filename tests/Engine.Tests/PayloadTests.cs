using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>Large texts are compressed wherever they are stored, and nobody notices.</summary>
public sealed class PayloadTests
{
    // 100,000 characters, twice as many bytes, that shrink well.
    private static readonly string Large = string.Concat(Enumerable.Range(0, 12_500).Select(n => $"é{n % 1000:000}ü"))[..50_000];

    [Fact]
    public async Task Large_texts_come_back_as_they_were_from_every_place_after_a_kill_at_every_commit()
    {
        var columns = new SortedSet<string>();
        for (var crash = 1; crash <= 8; crash++)
        {
            await using var engine = await VirtualEngine.StartAsync(Sample());
            engine.CrashAfterCommit = crash + 1;
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("large", Large, new StartOptions { InstanceId = "i", StartAt = engine.Now.AddHours(1) });
            await engine.SettleAsync();
            try
            {
                await engine.Client.RaiseEventAsync("i", "letter", Large + "!");
            }
            catch (Exception e) when (e is ObjectDisposedException or EngineStoreException or SimulatedCrashException)
            {
                // The crash came before the answer; the letter is durable all the same.
            }

            columns.UnionWith(Compressed(engine.Path));
            var done = await engine.RunAsync("i");
            columns.UnionWith(Compressed(engine.Path));

            Assert.Equal(Large, done.ReadInputAs<string>());
            Assert.Equal(Large + "!?", done.ReadOutputAs<string>());
            Assert.Equal(Large, done.ReadCustomStatusAs<string>());
            Assert.Contains(await engine.Client.GetOrchestrationHistoryAsync("i"), e => e.Name == "answer" && e.Input == done.SerializedOutput!.Replace("?", "", StringComparison.Ordinal));
            Assert.True(new FileInfo(engine.Path).Length < 200_000, "The file is as large as what went through it.");
        }

        Assert.Equal(["history.events", "inbox.event", "instances.custom_status", "instances.input", "instances.output"], columns);
    }

    [Fact]
    public async Task The_failure_of_an_instance_may_be_large()
    {
        await using var engine = await VirtualEngine.StartAsync(Sample());
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("fails", Large, new StartOptions { InstanceId = "f" });

        var failed = await engine.RunAsync("f");

        Assert.Equal(Large, failed.Failure?.ErrorMessage[^Large.Length..]);
        Assert.Contains("instances.failure", Compressed(engine.Path));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("short", false)]
    [InlineData("x*1300", false)]
    [InlineData("x*4095", false)]
    [InlineData("x*4096", true)]
    [InlineData("é*2047", false)]
    [InlineData("é*2048", true)]
    [InlineData("€*1365", false)]
    [InlineData("noise*9000", false)]
    public void What_is_small_or_does_not_shrink_stays_text(string recipe, bool compressed)
    {
        var text = recipe.Split('*') is [var unit, var count]
            ? unit == "noise" ? Noise(int.Parse(count)) : string.Concat(Enumerable.Repeat(unit, int.Parse(count)))
            : recipe;
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Schema.Execute(connection, "CREATE TABLE t (a TEXT, b TEXT)");
        using var insert = new Statement(connection, "INSERT INTO t VALUES (?1, ?2)");
        using var select = new Statement(connection, "SELECT a, b, typeof(a), typeof(b) FROM t");

        insert.Execute(Payload.Pack(text), Payload.Pack(System.Text.Encoding.UTF8.GetBytes(text)));

        var row = Assert.Single(select.Read(r => (r.Text(0), System.Text.Encoding.UTF8.GetString(r.GetUtf8(1)), r.Text(2), r.Text(3))));
        Assert.Equal((text, text), (row.Item1, row.Item2));
        Assert.Equal(compressed ? ("blob", "blob") : ("text", "text"), (row.Item3, row.Item4));
    }

    [Fact]
    public void What_was_not_packed_here_is_refused()
    {
        var packed = new byte[] { 2, 0, 16, 0, 0, 1, 2, 3 };

        Assert.Equal("StoreCorrupt", Assert.Throws<EngineStoreException>(() => Payload.Unpack(packed)).Code);
        packed[0] = 1;
        Assert.Equal("StoreCorrupt", Assert.Throws<EngineStoreException>(() => Payload.Unpack(packed)).Code);
        Assert.Equal("StoreCorrupt", Assert.Throws<EngineStoreException>(() => Payload.Unpack([])).Code);
    }

    private static string Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private static List<string> Compressed(string path)
    {
        using var connection = Schema.OpenReader(path);
        using var statement = new Statement(
            connection,
            """
            SELECT 'instances.input' FROM instances WHERE typeof(input) = 'blob'
            UNION SELECT 'instances.output' FROM instances WHERE typeof(output) = 'blob'
            UNION SELECT 'instances.custom_status' FROM instances WHERE typeof(custom_status) = 'blob'
            UNION SELECT 'instances.failure' FROM instances WHERE typeof(failure) = 'blob'
            UNION SELECT 'history.events' FROM history WHERE typeof(events) = 'blob'
            UNION SELECT 'inbox.event' FROM inbox WHERE typeof(event) = 'blob'
            UNION SELECT 'activities.input' FROM activities WHERE typeof(input) = 'blob'
            """);
        return statement.Read(r => r.GetString(0));
    }

    private static DurableTasks Sample() => new DurableTasks()
        .Activity<string, string>("answer", s => s + "?")
        .Orchestrator<string, string>("large", async (context, input) =>
        {
            context.SetCustomStatus(input);
            return await context.CallActivityAsync<string>("answer", await context.WaitForExternalEvent<string>("letter"));
        })
        .Orchestrator<string, string>("fails", (_, input) => throw new InvalidOperationException(input));
}
