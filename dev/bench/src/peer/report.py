# The report's server, in its own words.
import socket
import sys


def run_server(host="127.0.0.1", port=65432):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.bind((host, port))
        s.listen()
        print(f"Servidor escutando em {host}:{port}")
        while True:
            conn, addr = s.accept()
            with conn:
                print(f"Conectado por {addr}")
                while True:
                    try:
                        data = conn.recv(1024)
                        if not data:
                            print(f"Cliente {addr} desconectou (sem dados).")
                            break

                        message = data.decode("utf-8")
                        print(f"Mensagem recebida de {addr}: {message}")

                        if message.lower() == "sair":
                            print(f"Cliente {addr} solicitou desconexão.")
                            conn.sendall("Servidor: Desconectando...".encode("utf-8"))
                            break

                        response = f"Servidor recebeu: '{message}'"
                        conn.sendall(response.encode("utf-8"))
                    except ConnectionResetError:
                        print(f"Conexão com {addr} foi resetada pelo cliente.")
                        break
                    except Exception as e:
                        print(f"Erro ao comunicar com {addr}: {e}")
                        break
                print(f"Conexão com {addr} encerrada.")


print("Iniciando o servidor...")
run_server(port=int(sys.argv[1]))
