using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Api.Http;
using Sluice.Api.Keys;
using Sluice.Api.Settings;
using Sluice.Durable;
using Sluice.Engine;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Registry;
using Sluice.Testing.Contract.Api;

namespace Sluice.Api.Tests;

/// <summary>The API on real sockets, over the embedded engine and a SQLite registry; only the platform is imaginary.</summary>
public sealed class Server : ContractServer
{
    private readonly WebApplication _app;
    private readonly SluiceRegistry _registry;
    private readonly string _folder;

    private Server(WebApplication app, SluiceRegistry registry, string folder, SimulatedWorld world)
    {
        (_app, _registry, _folder, World) = (app, registry, folder, world);
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public SimulatedWorld World { get; }

    public SluiceRegistry Registry => _registry;

    public static async Task<Server> StartAsync(Action<IServiceCollection>? more = null, Action<DurableTasks>? moreTasks = null)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-api-").FullName;
        var registry = await SluiceRegistry.OpenAsync(folder, null, NullLogger<SluiceRegistry>.Instance, default);
        foreach (var key in Keys.Values)
        {
            await registry.Keys.AddAsync(key, default);
        }

        var world = new SimulatedWorld(TimeProvider.System);
        foreach (var version in new[] { "v1.0.0", "v2.0.0" })
        {
            world.Versions[version] = new Behaviour { ReadyAfter = TimeSpan.Zero };
        }

        var groups = new GroupsSettings(new Dictionary<string, IReadOnlyList<string>> { ["release-managers"] = ["approver"] });
        var tasks = new DurableTasks().AddSluice();
        moreTasks?.Invoke(tasks);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services
            .AddRouting().AddLogging()
            .AddSingleton(registry.Deployments).AddSingleton(registry.Events).AddSingleton(registry.Coordination).AddSingleton(registry.Keys)
            .AddSingleton<IPlatforms>(world).AddSingleton<ISmokeRunner>(world).AddSingleton<ILoadTest>(world).AddSingleton<ISecretStore>(world)
            .AddSingleton<IMigrator>(new SimulatedMigrator())
            .AddSingleton<ISyncs>(new SimulatedSyncs(TimeProvider.System))
            .AddSingleton(s => new EmbeddedEngine(tasks, s, new EngineOptions { Path = Path.Combine(folder, "engine.db") }, s.GetRequiredService<ILoggerFactory>()))
            .AddSingleton<DurableClient>(s => s.GetRequiredService<EmbeddedEngine>().Client)
            .AddSluiceOrchestration()
            .AddSluiceApi(groups, new SystemKey(SystemKeyText));
        more?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseSluice(RouteTable.Routes);
        await app.Services.GetRequiredService<EmbeddedEngine>().StartAsync();
        await app.StartAsync();
        return new Server(app, registry, folder, world);
    }

    /// <summary>Starts a rollout that waits for its approval, and returns its id.</summary>
    public async Task<string> StartPausedAsync(string idempotencyKey = "one")
    {
        var (status, body, _) = await SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v1.0.0"), ("Idempotency-Key", idempotencyKey));
        Assert.Equal(HttpStatusCode.Accepted, status);
        var id = (string)body!["id"]!;
        await UntilPhaseAsync(id, "Paused");
        return id;
    }

    /// <summary>Takes a table away, as a fault nobody foresaw.</summary>
    public void BreakRegistry(string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "registry.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The table's name is the test's own.
        command.CommandText = $"PRAGMA foreign_keys = OFF; DROP TABLE {table}";
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public override async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.Services.GetRequiredService<EmbeddedEngine>().StopAsync();
        await _app.DisposeAsync();
        await _registry.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Plans that the tests send.</summary>
public static class Plans
{
    /// <summary>Waits for people, then goes straight to all traffic.</summary>
    public const string Gated =
        """
        schema: 1
        service: catalog-api
        environments:
          production:
            platform: { kind: process, command: ["./run"], directory: ., portVariable: PORT, health: /health }
            router: { kind: gateway, listen: "127.0.0.1:8080" }
            verifyRollbackAfter: 0s
        steps:
          - deploy: { environment: production }
          - approval: { approvers: [release-managers], required: 1, timeout: 1h }
          - setWeight: 100
        """;

    /// <summary>Body of a start.</summary>
    public static string StartBody(string version, string plan = Gated) =>
        new JsonObject { ["plan"] = plan, ["release"] = new JsonObject { ["version"] = version } }.ToJsonString();
}
