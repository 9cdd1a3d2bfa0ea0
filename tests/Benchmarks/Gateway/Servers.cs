using System.Diagnostics;
using System.Net.Sockets;
using Sluice.Testing;

namespace Sluice.Benchmarks.Gateway;

/// <summary>A process that the benchmark started; ended with it.</summary>
internal sealed class Server : IDisposable
{
    private readonly Process _process;

    private Server(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>This program again, with a hidden verb; it prints its port.</summary>
    public static Server Self(params string[] arguments)
    {
        var process = Process.Start(Benchmarks.Self.StartInfo(arguments))!;
        return new Server(process, int.Parse(process.StandardOutput.ReadLine() ?? throw new IOException($"{arguments[0]} did not start.")));
    }

    /// <summary>Debian's HAProxy, one thread; null when it is not installed.</summary>
    public static Server? HAProxy(string folder, int backend)
    {
        var port = FreePort.Next();
        var file = Path.Combine(folder, "haproxy.cfg");
        File.WriteAllText(file, $"""
            global
              nbthread 1
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
            frontend f
              bind 127.0.0.1:{port}
              default_backend b
            backend b
              http-reuse always
              server s 127.0.0.1:{backend}

            """);
        return Start("haproxy", port, "-db", "-f", file);
    }

    /// <summary>Debian's nginx, one process; null when it is not installed.</summary>
    public static Server? Nginx(string folder, int backend)
    {
        var port = FreePort.Next();
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/nginx.log;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              keepalive_requests 1000000000;
              upstream u { server 127.0.0.1:{{backend}}; keepalive 64; keepalive_requests 1000000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            }

            """);
        return Start("nginx", port, "-e", Path.Combine(folder, "nginx.log"), "-p", folder, "-c", file);
    }

    /// <summary>Says a line and waits for the answer.</summary>
    public void Tell(string line)
    {
        _process.StandardInput.WriteLine(line);
        if (_process.StandardOutput.ReadLine() != line)
        {
            throw new IOException($"The gateway did not take '{line}'.");
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Server? Start(string program, int port, params string[] arguments)
    {
        var path = new[] { "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin" }
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        var process = Process.Start(new ProcessStartInfo(path, arguments))!;
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(10) && !process.HasExited; Thread.Sleep(20))
        {
            try
            {
                using var probe = new TcpClient("127.0.0.1", port);
                return new Server(process, port);
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        process.Kill();
        throw new IOException($"{program} does not listen.");
    }
}
