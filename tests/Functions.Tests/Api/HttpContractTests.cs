using System.Net;
using System.Reflection;
using Azure.Data.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Settings;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Functions.Hosting;
using Sluice.Functions.Tests.Tables;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Simulated;
using Sluice.Testing.Contract.Api;

namespace Sluice.Functions.Tests.Api;

/// <summary>
/// The Azure host answers as recorded from the standalone server: its own composition, with the registry in Azurite's tables and the
/// orchestrations in the SDK's test host. Only the platform is imaginary, and the way from the socket to the trigger.
/// </summary>
public sealed class HttpContractTests : ApiContract
{
    protected override bool ServesManagement => false;

    protected override async Task<ContractServer> StartAsync() => await FunctionsServer.StartAsync();
}

internal sealed class FunctionsServer : ContractServer
{
    private readonly WebApplication _app;
    private readonly DurableTaskTestHost _durable;
    private readonly string _prefix;

    private FunctionsServer(WebApplication app, DurableTaskTestHost durable, string prefix, string url)
    {
        (_app, _durable, _prefix) = (app, durable, prefix);
        Url = url;
    }

    /// <param name="database">A PostgreSQL database that keeps the registry and the catalogue; tables alone when null.</param>
    /// <param name="replace">Puts other services in the place of the host's own.</param>
    public static async Task<FunctionsServer> StartAsync(string? database = null, Action<IServiceCollection>? replace = null)
    {
        var tables = TablePlace.Server;
        var prefix = "c" + Guid.NewGuid().ToString("N")[..12];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection(
        [
            new("Storage", tables),
            new("Azure:TableConnection", "Storage"),
            new("Azure:TablePrefix", prefix),
            new("Groups:release-managers", "approver"),
            new("Registry:ConnectionString", database),
        ]);
        var world = new SimulatedWorld(TimeProvider.System);
        foreach (var version in new[] { "v1.0.0", "v2.0.0" })
        {
            world.Versions[version] = new Behaviour { ReadyAfter = TimeSpan.Zero };
        }

        builder.Services.AddLogging();
        FunctionsHost.AddSluice(builder.Services, SluiceSettings.Read(builder.Configuration));
        builder.Services
            .AddSingleton<IPlatforms>(world).AddSingleton<ISmokeRunner>(world).AddSingleton<ILoadTest>(world).AddSingleton<ISecretStore>(world)
            .AddSingleton<IMigrator>(new SimulatedMigrator())
            .AddSingleton<ISyncs>(new SimulatedSyncs(TimeProvider.System));
        replace?.Invoke(builder.Services);
        var app = builder.Build();
        var registry = app.Services.GetRequiredService<AzureRegistry>();
        await registry.EnsureOpenAsync(default);
        foreach (var key in Keys.Values)
        {
            await registry.Keys.AddAsync(key, default);
        }

        var invocations = app.Services.GetRequiredService<Invocations>();
        DurableTaskClient? client = null;
        var durable = await InProcessHost.StartAsync(
            app.Services.GetRequiredService<DurableTasks>(),
            app.Services.GetRequiredService<FunctionsRunner>(),
            app.Services,
            (name, instanceId, input) => invocations.RunActivityAsync(name, instanceId, input, client!, app.Services, CancellationToken.None));
        app.Run(async http => await (await invocations.AnswerAsync(http, client!)).ExecuteAsync(http));
        await app.StartAsync();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        client = Bound(durable.Client, url);
        return new FunctionsServer(app, durable, prefix, url) { StartDueSyncsAsync = () => invocations.StartDueSyncsAsync(client, default) };
    }

    /// <summary>What the timer of schedules calls.</summary>
    public required Func<Task> StartDueSyncsAsync { get; init; }

    public override async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _durable.DisposeAsync();
        await _app.DisposeAsync();
        var service = new TableServiceClient(TablePlace.Server);
        await foreach (var table in service.QueryAsync())
        {
            if (table.Name.StartsWith(_prefix, StringComparison.Ordinal))
            {
                await service.DeleteTableAsync(table.Name);
            }
        }
    }

    // The client as the extension's binding hands it over; the type that knows the management URIs is its own.
    private static DurableTaskClient Bound(DurableTaskClient inner, string url)
    {
        var type = typeof(DurableClientAttribute).Assembly.GetType("Microsoft.Azure.Functions.Worker.FunctionsDurableTaskClient", throwOnError: true)!;
        var constructor = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Single();
        var values = constructor.GetParameters().Select(p => p.Name switch
        {
            "inner" => (object?)inner,
            "queryString" => $"taskHub=Sluice&connection=Storage&code={SystemKeyText}",
            "httpBaseUrl" => $"{url}/runtime/webhooks/durabletask",
            _ => p.HasDefaultValue ? p.DefaultValue : null,
        });
        return (DurableTaskClient)constructor.Invoke([.. values]);
    }
}
