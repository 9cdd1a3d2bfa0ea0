using System.Net;
using Microsoft.Extensions.Logging;
using Sluice.Platforms.Gateway;

namespace Sluice.Platforms.Tests.Gateway;

/// <summary>A data plane with one listener, <c>shop/test</c>, on a free port.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    public const string Service = "shop";
    public const string Environment = "test";
    public const string Token = "the probe token";

    private TestGateway(DataPlane plane) => Plane = plane;

    public DataPlane Plane { get; }

    public IPEndPoint EndPoint => Plane.Address(Service, Environment)!;

    public RevisionCounts this[string revision] => Plane.Read(Service, Environment).Revisions[revision];

    public static async Task<TestGateway> StartAsync(DataPlaneOptions? options = null, ListenerSpec? spec = null)
    {
        var plane = new DataPlane(options ?? new DataPlaneOptions { ProbeToken = Token, Seed = 17 }, new TestLoggers());
        await plane.ListenAsync(spec ?? Spec, CancellationToken.None);
        return new TestGateway(plane);
    }

    /// <summary>A gateway that sends everything to revision v1 on these replicas.</summary>
    public static async Task<TestGateway> BeforeAsync(params RawReplica[] replicas)
    {
        var gateway = await StartAsync();
        gateway.Route(("v1", 100, replicas));
        return gateway;
    }

    public static ListenerSpec Spec { get; } = new(Service, Environment, "127.0.0.1:0");

    public void Route(params (string Revision, int Weight, RawReplica[] Replicas)[] routes) =>
        Plane.Route(Service, Environment, new RouteTable(
            [.. routes.Select(r => new RevisionRoute(r.Revision, r.Weight, [.. r.Replicas.Select(e => e.EndPoint)]))]));

    public Task<RawConnection> ConnectAsync() => RawConnection.ToAsync(EndPoint);

    /// <summary>Sends one request on a connection of its own.</summary>
    public async Task<(string Head, string Body)> GetAsync(string fields = "", string target = "/")
    {
        using var client = await ConnectAsync();
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n");
        return await client.ReadMessageAsync();
    }

    /// <summary>Sends any bytes on a connection of their own and reads one answer.</summary>
    public async Task<(string Head, string Body)> SendAsync(string request)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(request);
        return await client.ReadMessageAsync();
    }

    public async ValueTask DisposeAsync() => await Plane.DisposeAsync();

    /// <summary>Looks until it is so; fails, saying what is seen, after 20 seconds.</summary>
    public static async Task UntilAsync<T>(Func<T> look, Func<T, bool> isSo)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!isSo(look()))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(20), $"Still {look()}.");
            await Task.Delay(10);
        }
    }
}

/// <summary>Puts what the gateway says into the output of the test that made it say so.</summary>
internal sealed class TestLoggers : ILoggerFactory, ILogger
{
    private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _output?.WriteLine($"{logLevel} {formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
