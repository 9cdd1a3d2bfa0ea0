using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Sluice.Catalog.Tests.Api;

/// <summary>The program as a platform runs it: <c>dotnet CatalogApi.dll</c>, told by variables and signals.</summary>
public sealed partial class ProcessTests
{
    [Fact]
    public async Task Sigterm_lets_a_request_finish_and_ends_with_zero()
    {
        using var folder = new TemporaryFolder();
        using var service = CatalogProcess.Start(("DATA_DIR", folder.Path), ("VERSION", "v7"), ("FAULT_LATENCY_MS", "1500"));
        var url = await service.UrlAsync();
        using var http = new HttpClient();
        Assert.Contains("\"version\":\"v7\"", await http.GetStringAsync($"{url}/health"));

        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, new Uri(url).Port);
        await slow.GetStream().WriteAsync("GET /v1/models?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        // An answer to a later request: the server has had its turn at the slow one, which takes 1.5 s more.
        await http.GetStringAsync($"{url}/health");
        service.Terminate();

        using var answer = new StreamReader(slow.GetStream());
        var text = await answer.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK", text);
        Assert.Contains("\"nextCursor\"", text);
        Assert.Equal(0, await service.ExitCodeAsync());
        Assert.True(File.Exists(folder.File("catalog.db")));
    }

    [Fact]
    public async Task Two_processes_share_one_new_database()
    {
        using var folder = new TemporaryFolder();
        using var first = CatalogProcess.Start(("DATA_DIR", folder.Path));
        using var second = CatalogProcess.Start(("DATA_DIR", folder.Path));
        using var http = new HttpClient();

        foreach (var service in new[] { first, second })
        {
            Assert.Contains("\"models\":60", await http.GetStringAsync($"{await service.UrlAsync()}/health/deep"));
        }
    }

    [Fact]
    public async Task Wrong_settings_end_with_two_and_a_line_for_each()
    {
        using var service = CatalogProcess.Start(("PORT", "x"), ("FAULT_ERROR_RATE", "2"));

        Assert.Equal(2, await service.ExitCodeAsync());
        Assert.Contains("PORT: expected", service.Output);
        Assert.Contains("FAULT_ERROR_RATE: expected", service.Output);
        Assert.DoesNotContain("   at ", service.Output);
    }

    [Fact]
    public async Task A_port_in_use_ends_with_one_and_says_so()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var service = CatalogProcess.Start(("PORT", $"{((IPEndPoint)taken.LocalEndpoint).Port}"));

        Assert.Equal(1, await service.ExitCodeAsync());
        Assert.Contains("address already in use", service.Output);
        Assert.DoesNotContain("   at ", service.Output);
    }

    [Fact]
    public async Task A_release_that_crashes_is_gone_after_the_request_it_was_asked_for()
    {
        using var service = CatalogProcess.Start(("FAULT_CRASH_AFTER", "2"));
        var url = await service.UrlAsync();
        using var http = new HttpClient();
        await http.GetStringAsync($"{url}/v1/models?limit=1");
        Assert.False(service.HasExited);

        try
        {
            await http.GetStringAsync($"{url}/v1/models?limit=1");
        }
        catch (HttpRequestException)
        {
            // Whether the answer got out before the end is chance, as in a real crash.
        }

        Assert.Equal(137, await service.ExitCodeAsync());
    }

    [Fact]
    public async Task A_release_that_never_listens_still_stops_when_told_to()
    {
        using var service = CatalogProcess.Start(("FAULT_NEVER_LISTEN", "true"));
        await UntilAsync(() => service.Output.Contains("Not listening yet", StringComparison.Ordinal), "the warning about the switch");

        service.Terminate();

        Assert.Equal(0, await service.ExitCodeAsync());
        Assert.DoesNotContain("listens on", service.Output);
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), $"Waited a minute for {what}.");
            await Task.Delay(20);
        }
    }

    private sealed partial class CatalogProcess : IDisposable
    {
        private readonly Process _process;
        private readonly System.Text.StringBuilder _output = new();

        private CatalogProcess(Process process)
        {
            _process = process;
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += Keep;
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public string Output
        {
            get
            {
                lock (_output)
                {
                    return _output.ToString();
                }
            }
        }

        public bool HasExited => _process.HasExited;

        public static CatalogProcess Start(params (string Name, string Value)[] variables)
        {
            // Beside the tests lies the whole program: it is a reference of theirs.
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CatalogApi.dll")])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach (var inherited in start.Environment.Keys.Where(name => name.StartsWith("FAULT_", StringComparison.Ordinal)).ToList())
            {
                start.Environment.Remove(inherited);
            }

            foreach (var name in new[] { "DATABASE_URL", "DATA_DIR", "ADMIN_KEY", "VERSION", "APP_VERSION", "RELEASE_VERSION", "REDIS_URL", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN" })
            {
                start.Environment.Remove(name);
            }

            start.Environment["PORT"] = "0";
            foreach (var (name, value) in variables)
            {
                start.Environment[name] = value;
            }

            return new CatalogProcess(new Process { StartInfo = start });
        }

        public async Task<string> UrlAsync()
        {
            await UntilAsync(() => Listening().IsMatch(Output) || _process.HasExited, $"the start line; so far: {Output}");
            var line = Listening().Match(Output);
            Assert.True(line.Success, Output);
            return line.Groups["url"].Value;
        }

        public void Terminate()
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            kill.WaitForExit();
        }

        public async Task<int> ExitCodeAsync()
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            _process.Kill();
            _process.Dispose();
        }

        private void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_output)
            {
                _output.AppendLine(line.Data);
            }
        }

        [GeneratedRegex(@"listens on (?<url>http://127\.0\.0\.1:\d+);", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Listening();
    }
}
